namespace IntroTraining;

/// <summary>Runs one of the samples by name: <c>dotnet run -c Release --project samples/IntroTraining -- TrainPipeline ...</c>. Each IntroX.cs is a whole program by itself.</summary>
static class Program
{
    static int Main(string[] args)
    {
        switch (args)
        {
            case ["TrainPipeline", .. var rest]:
                return IntroTrainPipeline.Main(rest);
            case ["CrossValidation", .. var rest]:
                IntroCrossValidation.Main(rest);
                return 0;
            default:
                Console.Error.WriteLine("Name a sample: TrainPipeline or CrossValidation.");
                return 2;
        }
    }
}
