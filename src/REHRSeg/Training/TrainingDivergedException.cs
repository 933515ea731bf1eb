namespace REHRSeg;

/// <summary>A training's loss or gradient stopped being a finite number. The message names stage, iteration, terms and remedy; the last checkpoint is intact.</summary>
public sealed class TrainingDivergedException(string message) : InvalidOperationException(message);
