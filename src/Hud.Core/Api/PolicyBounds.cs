namespace Hud.Core.Api;

/// <summary>Bounds of a ProfilingPolicy's spec, beside those of its session. The CRD's schema repeats them; a test compares the two.</summary>
public static class PolicyBounds
{
    public static readonly GoDuration MinStartingDeadline = GoDuration.Parse("10s");
    public static readonly GoDuration MaxStartingDeadline = GoDuration.Parse("24h");

    public static readonly GoDuration MinCooldown = GoDuration.Parse("1m");
    public static readonly GoDuration MaxCooldown = GoDuration.Parse("24h");

    public static readonly GoDuration MinRenewAfter = GoDuration.Parse("1h");
    public static readonly GoDuration MaxRenewAfter = GoDuration.Parse("168h");
    public static readonly GoDuration MinLookBack = GoDuration.Parse("10s");
    public static readonly GoDuration MaxLookBack = GoDuration.Parse("10m");

    public const int MinHistory = 0;
    public const int MaxHistory = 100;
    public const int MaxCronLength = 128;
    public const int MaxTimeZoneLength = 64;
    public const int MinSessionsPerHour = 1;
    public const int MaxSessionsPerHour = 60;

    public static readonly GoDuration MinSettle = GoDuration.Parse("0s");
    public static readonly GoDuration MaxSettle = GoDuration.Parse("10m");
    public const double MinLostPercent = 0.1;
    public const double MaxLostPercent = 100;
}
