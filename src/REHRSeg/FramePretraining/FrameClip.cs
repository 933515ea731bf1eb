namespace REHRSeg;

/// <summary>Which frames of a clip are input and which are target.</summary>
/// <param name="Outputs">Frames n to make between the two middle inputs.</param>
internal readonly record struct FrameClip(int Outputs)
{
    /// <summary>Input frames.</summary>
    public const int Inputs = 4;

    /// <summary>k: inputs are every k-th frame.</summary>
    public int Step => Outputs + 1;
    /// <summary>Consecutive frames of a clip, 3k + 1.</summary>
    public int Length => 3 * Step + 1;

    /// <summary>Position of input i, 0 to 3, in the clip.</summary>
    public int Input(int i) => i * Step;
    /// <summary>Position of target i, 0 to n-1.</summary>
    public int Target(int i) => Step + 1 + i;
    /// <summary>Clips in a film of that many frames.</summary>
    public int Count(int frames) => Math.Max(0, frames - Length + 1);
}
