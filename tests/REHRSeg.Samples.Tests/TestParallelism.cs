// Tests look at memory, temporary files and the order of requests: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
