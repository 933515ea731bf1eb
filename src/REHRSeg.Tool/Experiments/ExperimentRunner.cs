using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>
/// Runs the units of an experiment, folds outside, cells inside. Each unit has a folder of its own; a finished one is skipped, a killed one goes on, and one that was made with other options is
/// made again. The tables are written after each unit.
/// </summary>
internal sealed class ExperimentRunner
{
    readonly ToolConsole _console;
    readonly ExperimentRequest _request;
    readonly CancellationToken _cancel;
    readonly ExperimentFolder _folder;
    readonly ExperimentData _data;
    readonly IReadOnlyList<ExperimentUnit> _units;
    readonly Dictionary<int, string> _thin = [];
    readonly Dictionary<string, string> _settings = [];

    /// <summary>Looks at everything that can be wrong before any training.</summary>
    public ExperimentRunner(ToolConsole console, ExperimentRequest request, CancellationToken cancel)
    {
        (_console, _request, _cancel, _folder) = (console.WithoutResults(), request, cancel, new(request.OutDir));
        foreach (int fold in request.FoldsRun)
            if (fold < 0 || fold >= request.Folds) throw new UsageException($"--fold {fold}: there are {request.Folds} folds, 0 to {request.Folds - 1}.");
        foreach (string name in request.Only ?? [])
            if (request.Grid.Cells.All(c => c.Name != name)) throw new UsageException($"--only {name}: grid {request.Grid.Name} has no such cell. Its cells: {string.Join(", ", request.Grid.Cells.Select(c => c.Name))}.");
        var cells = request.Grid.Cells.Where(c => request.Only is null || request.Only.Contains(c.Name)).ToArray();
        _units = [.. request.FoldsRun.Distinct().Order().SelectMany(fold => cells.Select(c => new ExperimentUnit(c, request.Options[c.Name], fold)))];
        ExperimentData.Require(request.Dataset, request.Folds);
        OutputFolder.RequireWritable(request.OutDir);
        if (request.StagesDir is { } stages) OutputFolder.RequireWritable(stages, "--stages");
        if (!request.Resume && File.Exists(_folder.Description)) throw new IOException($"--out {request.OutDir} already holds an experiment. Continue it with --resume, or choose another folder.");
        _data = new(_console, request.Dataset, request.Factor, request.Axis, request.Folds, cancel);
    }

    /// <summary>Runs what is not finished.</summary>
    /// <returns>The outcome: results of all finished units, and units that failed.</returns>
    public ExperimentOutcome Run()
    {
        using var only = OutputFolder.Lock(_request.OutDir, $"another experiment is at work in --out {_request.OutDir}");
        RequireSameExperiment();
        Describe();
        var failed = new List<string>();
        for (int i = 0; i < _units.Count; i++)
        {
            _console.Info($"-- {i + 1} of {_units.Count}: {_units[i]}");
            try
            {
                RunUnit(_units[i]);
                WriteTables();
            }
            catch (Exception e) when (e is DatasetException or TrainingDivergedException or ModelFormatException or VolumeFormatException or GeometryMismatchException or UsageException or FileNotFoundException
                || (e is ArgumentException && !AtomicFile.IsOfDisk(e)))
            {
                failed.Add($"{_units[i]}: {CommandLine.Describe(e)}");
                _console.Error(failed[^1]);
            }
            catch (Exception e) when (AtomicFile.IsOfDisk(e))
            {
                throw new IOException($"{_units[i]}: {CommandLine.Describe(e)} If the disk of {_request.OutDir} is full, free some space; then repeat the command with --resume.", e);
            }
        }
        return new(ExperimentResults.Read(_folder.Path), failed);
    }

    void RunUnit(ExperimentUnit unit)
    {
        var folder = _folder.Unit(unit.Cell.Name, unit.Fold);
        using var log = new UnitLog(folder.Log);
        var console = _console.WithLog(log);
        var stages = new SharedStages(console, _request, _data, _cancel);
        Func<IReadOnlyDictionary<string, StageFolder>> prepare;
        Func<IReadOnlyDictionary<string, StageFolder>, IReadOnlyList<UnitCase>> run;
        if (unit.Cell.Task == CellTask.Segmentation)
        {
            var work = new SegmentationUnit(console, unit, folder, _data, stages, _cancel);
            (prepare, run) = (work.Prepare, work.Run);
        }
        else
        {
            var work = new SuperResolutionUnit(unit, folder, _data, stages, _cancel);
            (prepare, run) = (work.Prepare, work.Run);
        }
        var shared = prepare();
        if (shared.TryGetValue("thin", out var thin) && unit.Cell.Name == _request.Grid.Reference)
        {
            _thin[unit.Fold] = thin.Path;
            Describe();
        }
        var config = Config(unit, shared);
        string key = config["key"]!.GetValue<string>();
        if (ExperimentResults.ReadUnit(folder) is { } finished && finished.Key == key && (unit.Cell.Task == CellTask.SuperResolution || File.Exists(folder.Calibration)))
        {
            _console.Info("   finished before");
            return;
        }
        if (KeyOf(folder) != key && (new RunFolder(folder.Path).HoldsWork || File.Exists(folder.Result) || Directory.Exists(folder.Hr)))
        {
            console.Warn($"{unit} was made with other options; it is made again.");
            log.Reset(() => Discard(folder.Path));
        }
        AtomicFile.WriteText(folder.Config, config.ToJsonString(ToolConsole.JsonForm));
        var watch = Stopwatch.StartNew();
        var cases = run(shared);
        using var process = Process.GetCurrentProcess();
        AtomicFile.WriteText(folder.Result, JsonSerializer.Serialize(new UnitResult(key, _data.Hash, unit.Cell.Name, unit.Fold, _request.Seed, watch.Elapsed.TotalSeconds, process.PeakWorkingSet64 / 1e6, cases) { Settings = SettingsOf(unit.Cell) }, ToolConsole.JsonForm));
    }

    /// <summary>Renamed first, so that a kill in between leaves no half of it.</summary>
    static void Discard(string folder)
    {
        string aside = folder + ".old";
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        Directory.Move(folder, aside);
        Directory.Delete(aside, recursive: true);
    }

    /// <summary>The unit's options, seed, fold and shared stages, with the hash of them all.</summary>
    JsonObject Config(ExperimentUnit unit, IReadOnlyDictionary<string, StageFolder> shared)
    {
        var preset = unit.Options.Preset;
        var inputs = new
        {
            cell = unit.Cell with { Title = "" }, unit.Fold, folds = _data.Folds, _request.Seed, dataset = _data.Hash, held = _data.HeldOut(unit.Fold).Select(c => c.Id), _request.Factor, axis = _request.Axis?.ToString(),
            stages = shared.ToDictionary(s => s.Key, s => s.Value.Name), version = ToolVersion.Release,
            segmentation = unit.Cell.Task == CellTask.Segmentation ? Options(preset.Segmentation) : null,
            profile = unit.Cell is { Task: CellTask.Segmentation, PseudoSource: "spline" or "spline-sdf" } ? OptionOverrides.Snapshot(preset.SelfSr) : null, gpu = _request.Gpu is null ? (bool?)null : true,
        };
        var config = JsonSerializer.SerializeToNode(inputs, ToolConsole.JsonForm)!.AsObject();
        config["key"] = ContentHash.Of(inputs);
        config["selfSr"] = JsonSerializer.SerializeToNode(OptionOverrides.Snapshot(preset.SelfSr), ToolConsole.JsonForm);
        config["stageFolders"] = JsonSerializer.SerializeToNode(shared.ToDictionary(s => s.Key, s => s.Value.Path), ToolConsole.JsonForm);
        return config;
    }

    /// <summary>All but whether the model keeps a temperature: scores and studies are of probabilities as the network says.</summary>
    static SortedDictionary<string, object?> Options(RehrSegOptions segmentation)
    {
        var options = OptionOverrides.Snapshot(segmentation);
        options.Remove(nameof(RehrSegOptions.CalibrateProbabilities));
        return options;
    }

    static string? KeyOf(UnitFolder folder)
    {
        try
        {
            return File.Exists(folder.Config) ? (string?)JsonNode.Parse(File.ReadAllText(folder.Config))?["key"] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    void RequireSameExperiment()
    {
        if (!File.Exists(_folder.Description)) return;
        var begun = ExperimentResults.ReadDescription(_folder.Path);
        if (begun.Dataset != _data.Hash)
            throw new DatasetException($"--resume: {_folder.Description} was made from other data ({begun.Dataset}; --dataset {_request.Dataset.Directory} is {_data.Hash}). Give the dataset that it began with, or choose another --out.");
        foreach (var (name, before, now) in new[] { ("--folds", begun.Folds, _request.Folds), ("--seed", begun.Seed, _request.Seed) })
            if (before != now) throw new UsageException($"--resume: {_folder.Description} was begun with {name} {before}, this command has {now}. Repeat the first command, or choose another --out.");
        if (begun.Grid.Name != _request.Grid.Name) throw new UsageException($"--resume: {_folder.Description} is of grid {begun.Grid.Name}, not {_request.Grid.Name}. Choose another --out.");
        foreach (var (fold, folder) in begun.Thin) _thin[fold] = folder;
        foreach (var (cell, settings) in begun.Settings) _settings[cell] = settings;
    }

    string SettingsOf(GridCell cell) => ContentHash.Of(new
    {
        cell = cell with { Title = "" }, segmentation = Options(_request.Options[cell.Name].Preset.Segmentation), selfSr = OptionOverrides.Snapshot(_request.Options[cell.Name].Preset.SelfSr),
        smore = OptionOverrides.Snapshot(_request.Options[cell.Name].Preset.SelfSr.Smore), frames = OptionOverrides.Snapshot(_request.Options[cell.Name].Frames), _request.Factor, axis = _request.Axis?.ToString(),
    });

    void Describe()
    {
        foreach (var cell in _units.Select(u => u.Cell).Distinct()) _settings[cell.Name] = SettingsOf(cell);
        var plan = _data.Plan(_units[0].Fold, _units[0].Options.Preset);
        IEnumerable<int> before = File.Exists(_folder.Description) ? ExperimentResults.ReadDescription(_folder.Path).FoldsRun : [];
        AtomicFile.WriteText(_folder.Description, JsonSerializer.Serialize(new ExperimentDescription(_request.Grid, _request.Dataset.Directory, _data.Hash, _request.Preset, plan.Factor, (_request.Axis ?? plan.Axis)?.ToString().ToLowerInvariant(),
            _data.Folds, [.. before.Concat(_request.FoldsRun).Distinct().Order()], _request.Seed, ToolVersion.Full, _thin) { Settings = _settings }, ToolConsole.JsonForm));
    }

    void WriteTables() => ExperimentResults.Read(_folder.Path).Write(_folder);
}

/// <summary>What an experiment came to.</summary>
internal sealed record ExperimentOutcome(ExperimentResults Results, IReadOnlyList<string> Failed);
