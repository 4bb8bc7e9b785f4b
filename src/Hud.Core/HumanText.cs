namespace Hud.Core;

/// <summary>Numbers for people: three significant digits and a unit.</summary>
public static class HumanText
{
    /// <summary><c>412ms</c>, <c>1.24s</c>, <c>850us</c>, <c>2m05s</c>.</summary>
    public static string Duration(long ns)
    {
        if (ns < 0)
            return "-" + Duration(-Math.Max(ns, -long.MaxValue));
        if (ns < 1_000)
            return $"{ns}ns";
        if (ns < 999_500)
            return Three(ns / 1e3) + "us";
        if (ns < 999_500_000)
            return Three(ns / 1e6) + "ms";
        if (ns < 59_950_000_000)
            return Three(ns / 1e9) + "s";
        long seconds = (ns + 500_000_000) / 1_000_000_000;
        return seconds < 3600 ? $"{seconds / 60}m{seconds % 60:00}s" : $"{seconds / 3600}h{seconds % 3600 / 60:00}m";
    }

    /// <summary><c>18.4%</c>, <c>0.03%</c>, <c>0%</c>.</summary>
    public static string Percent(double value) =>
        value == 0 ? "0%"
        : value < 0.01 ? "<0.01%"
        : Three(value) + "%";

    /// <summary><c>950</c>, <c>12.3k</c>, <c>1.2M</c>.</summary>
    public static string Count(long value) =>
        value switch
        {
            < 10_000 => value.ToString(),
            < 999_500 => Three(value / 1e3) + "k",
            < 999_500_000 => Three(value / 1e6) + "M",
            _ => Three(value / 1e9) + "G",
        };

    public static string Bytes(long value) =>
        value switch
        {
            < 1024 => $"{value} B",
            < 1024 * 1024 => Three(value / 1024.0) + " KiB",
            _ => Three(value / 1048576.0) + " MiB",
        };

    private static string Three(double value) =>
        value >= 99.95 ? value.ToString("0")
        : value >= 9.995 ? value.ToString("0.#")
        : value.ToString("0.##");
}
