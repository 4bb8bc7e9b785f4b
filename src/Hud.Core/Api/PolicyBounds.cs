namespace Hud.Core.Api;

/// <summary>Bounds of a ProfilingPolicy's spec, beside those of its session. The CRD's schema repeats them; a test compares the two.</summary>
public static class PolicyBounds
{
    public static readonly GoDuration MinStartingDeadline = GoDuration.Parse("10s");
    public static readonly GoDuration MaxStartingDeadline = GoDuration.Parse("24h");

    public const int MinHistory = 0;
    public const int MaxHistory = 100;
    public const int MaxCronLength = 128;
    public const int MaxTimeZoneLength = 64;
}
