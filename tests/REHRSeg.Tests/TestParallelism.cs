// Two busy processes or threads on two cores cost Torch a factor of four: one test at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
