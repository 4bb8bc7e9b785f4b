namespace Hud.Operator.Policies;

/// <summary>How often the API server is asked for what a policy's target is. Pure.</summary>
public static class LookPace
{
    /// <summary>Of all policies together; those that look for rollouts and those that watch all the time are counted each for themselves.</summary>
    private const int PerSecond = 5;

    /// <param name="usual">Of few policies.</param>
    public static TimeSpan Pause(TimeSpan usual, int policies) =>
        TimeSpan.FromSeconds(Math.Max(usual.TotalSeconds, (double)policies / PerSecond));
}
