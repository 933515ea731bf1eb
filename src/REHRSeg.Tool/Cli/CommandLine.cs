using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;

namespace REHRSeg.Tool;

/// <summary>Parses and runs one command. Exit code 0: done; 1: failed, one clear line on stderr; 2: usage.</summary>
internal static class CommandLine
{
    public const int Done = 0, Failed = 1, Usage = 2;

    public static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "Print results and errors only.", Recursive = true };
    public static readonly Option<bool> Json = new("--json") { Description = "Print the result as one JSON document on stdout; progress goes to stderr.", Recursive = true };

    public static RootCommand CreateRoot()
    {
        var root = new RootCommand("REHRSeg: trains super-resolution and thin-slice segmentation from thick-slice MR and its labels alone. Not a medical device.")
        {
            DemoVerb.Create(), CheckVerb.Create(), SimulateVerb.Create(), TrainVerb.Create(), SuperResolveVerb.Create(),
            PredictVerb.Create(), EvaluateVerb.Create(), PostprocessVerb.Create(), CalibrateVerb.Create(), ExportVerb.Create(), PretrainFramesVerb.Create(), ExperimentVerb.Create(), ReportVerb.Create(),
        };
        root.Options.Add(Quiet);
        root.Options.Add(Json);
        return root;
    }

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var parse = CreateRoot().Parse(args);
        if (parse.Errors.Count > 0)
        {
            foreach (var e in parse.Errors) error.WriteLine(e.Message);
            var path = new Stack<string>();
            for (var c = parse.CommandResult; c.Parent is CommandResult parent; c = parent) path.Push(c.Command.Name);
            error.WriteLine($"Try '{string.Join(' ', path.Prepend("rehrseg").Append("--help"))}'.");
            return Usage;
        }
        return parse.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>Gives a verb its console, its cancellation by Ctrl-C or SIGTERM, and turns exceptions into one line and an exit code.</summary>
    public static void OnRun(this Command command, Func<ParseResult, ToolConsole, CancellationToken, int> action) => command.SetAction(parse =>
    {
        var console = new ToolConsole(parse.InvocationConfiguration.Output, parse.InvocationConfiguration.Error, parse.GetValue(Quiet), parse.GetValue(Json));
        using var stop = new CancellationTokenSource();
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = !stop.IsCancellationRequested; // a second signal ends the process
            stop.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        try
        {
            return action(parse, console, stop.Token);
        }
        catch (UsageException e)
        {
            console.Error(e.Message);
            return Usage;
        }
        catch (OperationCanceledException)
        {
            console.Error(command.Name switch
            {
                "train" => "Stopped. The run folder is resumable: repeat the command with --resume.",
                "experiment" => "Stopped. Repeat the command with --resume.",
                "pretrain-frames" => "Stopped. The training is resumable: repeat the command with --resume.",
                _ => "Stopped.",
            });
            return Failed;
        }
        catch (Exception e) when (!IsDefect(e))
        {
            console.Error(Describe(e));
            return Failed;
        }
    });

    /// <summary>Exceptions that no input should cause: they are not caught, so that their trace is seen.</summary>
    public static bool IsDefect(Exception e) => e is NullReferenceException or IndexOutOfRangeException or InvalidCastException;

    /// <summary>The message for a user: of the cause, without the name of a parameter.</summary>
    public static string Describe(Exception e) => e switch
    {
        AggregateException { InnerException: { } inner } => Describe(inner),
        ArgumentException { ParamName: { } name } => e.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal),
        _ => e.Message,
    };
}

/// <summary>The command's arguments make no sense together.</summary>
internal sealed class UsageException(string message) : Exception(message);
