using System.Text.Json;

namespace REHRSeg.Tool.Tests;

/// <summary>A simulated dataset of five tiny cases, a grid of three segmenters that share their stages, and what an experiment leaves.</summary>
public sealed class SimulatedCases : IDisposable
{
    internal TemporaryFolder Folder { get; } = new();
    internal string Thick => Folder["thick"];
    internal string Grid => Folder["grid.json"];

    public SimulatedCases()
    {
        string thin = TinyDataset.Write(Folder["thin"], cases: 5, slices: 28, sliceSpacing: 1);
        ToolRun.InProcess("simulate", "--dataset", thin, "--out", Thick, "--factor", "4", "--axis", "z").AssertDone();
        File.WriteAllText(Grid, """
            {
              "name": "three", "title": "Three segmenters", "preset": "tiny", "reference": "full",
              "set": { "selfsr.iterations": 4, "selfsr.uncertaintyIterations": 2, "segmentation.nnUNetIterations": 6, "segmentation.fineTuneIterations": 4, "segmentation.mirror": false },
              "cells": [
                { "name": "plain", "title": "nnU-Net", "method": "nnunet" },
                { "name": "pseudo", "title": "+ pseudo data", "extends": "full", "set": { "segmentation.useUncertainty": false, "segmentation.useDistillation": false } },
                { "name": "full", "title": "REHRSeg" }
              ],
              "orderings": [ { "better": "full", "than": "plain", "grid": "HR", "measure": "DSC", "source": "us" } ]
            }
            """);
    }

    internal ToolRun Experiment(string outDir, params string[] more) => ToolRun.InProcess(["experiment", "--grid", Grid, "--dataset", Thick, "--out", outDir, .. more]);

    internal static UnitResult Unit(string outDir, string cell, int fold) => JsonSerializer.Deserialize<UnitResult>(File.ReadAllText(new ExperimentFolder(outDir).Unit(cell, fold).Result), ToolConsole.JsonForm)!;

    /// <summary>Content and time of every file.</summary>
    internal static Dictionary<string, (string Hash, DateTime Written)> Files(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(f => f, f => (Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f))), File.GetLastWriteTimeUtc(f)));

    public void Dispose() => Folder.Dispose();
}
