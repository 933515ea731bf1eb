namespace Intro;

/// <summary>Runs one of the samples by name: <c>dotnet run -c Release --project samples/Intro -- ScoreFile ...</c>. Each IntroX.cs is a whole program by itself.</summary>
static class Program
{
    static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["ScoreFile", .. var rest]:
                IntroScoreFile.Main(rest);
                return 0;
            case ["ScoreFolder", .. var rest]:
                return await IntroScoreFolder.Main(rest);
            case ["Columns", .. var rest]:
                IntroColumns.Main(rest);
                return 0;
            case ["VolumeFormat", .. var rest]:
                IntroVolumeFormat.Main(rest);
                return 0;
            default:
                Console.Error.WriteLine("Name a sample: ScoreFile, ScoreFolder, Columns or VolumeFormat.");
                return 2;
        }
    }
}
