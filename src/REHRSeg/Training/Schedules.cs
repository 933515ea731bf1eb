namespace REHRSeg;

/// <summary>
/// The one-cycle policy of the self-SR stage (METHOD.md 3.4): the learning rate rises from <c>peak/25</c> to <c>peak</c> over the first
/// 30 % of the steps and falls to <c>peak/25/10^4</c>, both along half a cosine; Adam's beta1 moves the other way, 0.95 - 0.85 - 0.95.
/// </summary>
/// <param name="Iterations">Steps of the whole cycle, at least 2.</param>
/// <param name="Peak">Largest learning rate.</param>
internal sealed record OneCycle(int Iterations, double Peak)
{
    /// <summary>Peak over first learning rate.</summary>
    public double StartDivisor { get; init; } = 25;
    /// <summary>First over last learning rate.</summary>
    public double EndDivisor { get; init; } = 1e4;
    /// <summary>Share of the steps before the peak.</summary>
    public double RisingShare { get; init; } = 0.3;
    /// <summary>Beta1 at both ends.</summary>
    public double MaximumBeta1 { get; init; } = 0.95;
    /// <summary>Beta1 at the peak.</summary>
    public double MinimumBeta1 { get; init; } = 0.85;

    /// <summary>Learning rate of step <paramref name="iteration"/>, 0-based.</summary>
    public double LearningRate(int iteration) => At(iteration, Peak / StartDivisor, Peak, Peak / StartDivisor / EndDivisor);

    /// <summary>Adam's beta1 of step <paramref name="iteration"/>, 0-based.</summary>
    public double Beta1(int iteration) => At(iteration, MaximumBeta1, MinimumBeta1, MaximumBeta1);

    /// <summary>Sets both on an optimizer.</summary>
    public void Apply(int iteration, IOptimizer optimizer) => (optimizer.LearningRate, optimizer.Beta1) = (LearningRate(iteration), Beta1(iteration));

    double At(int iteration, double start, double middle, double end)
    {
        double last = Iterations - 1, turn = Math.Clamp(RisingShare * Iterations - 1, 0, last), step = Math.Clamp(iteration, 0, last);
        return step <= turn
            ? Schedules.CosineBetween(start, middle, turn == 0 ? 1 : step / turn)
            : Schedules.CosineBetween(middle, end, (step - turn) / (last - turn));
    }
}

/// <summary>Learning rates as functions of the iteration, 0-based.</summary>
internal static class Schedules
{
    /// <summary>Half a cosine from <paramref name="initial"/> towards <paramref name="final"/>.</summary>
    public static double Cosine(int iteration, int iterations, double initial, double final = 0) => CosineBetween(initial, final, Share(iteration, iterations));

    /// <summary>nnU-Net's <c>initial (1 - i/n)^power</c> (METHOD.md 7).</summary>
    public static double Polynomial(int iteration, int iterations, double initial, double power = 0.9) => initial * Math.Pow(1 - Share(iteration, iterations), power);

    /// <summary>A straight line to 0 (METHOD.md 9.2).</summary>
    public static double Linear(int iteration, int iterations, double initial) => initial * (1 - Share(iteration, iterations));

    /// <summary>The factor of a linear warm-up: <c>(i+1)/warmUp</c>, then 1.</summary>
    public static double WarmUp(int iteration, int warmUp) => warmUp <= 0 ? 1 : Math.Min(1, (iteration + 1.0) / warmUp);

    internal static double CosineBetween(double from, double to, double share) => to + (from - to) * 0.5 * (1 + Math.Cos(Math.PI * share));

    static double Share(int iteration, int iterations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1);
        return Math.Clamp((double)iteration / iterations, 0, 1);
    }
}
