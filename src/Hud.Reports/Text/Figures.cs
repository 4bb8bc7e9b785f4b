namespace Hud.Reports.Text;

/// <summary>Figures for people: three digits that matter, and a unit.</summary>
public static class Figures
{
    /// <summary><c>0</c>, <c>850ns</c>, <c>1.37us</c>, <c>190ms</c>, <c>62.2s</c>, <c>12m30s</c>, <c>2h05m</c>.</summary>
    public static string Duration(long ns)
    {
        if (ns < 0)
            return "-" + Duration(ns == long.MinValue ? long.MaxValue : -ns);
        return ns switch
        {
            0 => "0",
            < 1_000 => $"{ns}ns",
            < 999_500 => Three(ns / 1e3) + "us",
            < 999_500_000 => Three(ns / 1e6) + "ms",
            < 99_950_000_000 => Three(ns / 1e9) + "s",
            < 3_599_500_000_000 => Clock(ns, 60, "m", "s"),
            _ => Clock(ns / 60, 60, "h", "m"),
        };
    }

    private static string Clock(long ns, long perUnit, string big, string small)
    {
        long units = (ns + 500_000_000) / 1_000_000_000;
        return $"{units / perUnit}{big}{units % perUnit:00}{small}";
    }

    private static string Three(double value) => value >= 99.95 ? $"{value:0}" : value >= 9.995 ? $"{value:0.#}" : $"{value:0.##}";

    /// <summary><c>1,203,311</c>.</summary>
    public static string Count(long n) => $"{n:#,0}";

    /// <summary>At most five columns: <c>999</c>, <c>12.3k</c>, <c>1.2M</c>.</summary>
    public static string Short(long n) => n switch
    {
        < 0 => "-" + Short(-n),
        < 1_000 => $"{n}",
        < 999_500 => Three(n / 1e3) + "k",
        < 999_500_000 => Three(n / 1e6) + "M",
        < 999_500_000_000 => Three(n / 1e9) + "G",
        _ => Three(n / 1e12) + "T",
    };

    /// <summary><c>18.4%</c>; what is more than nothing never reads as 0.</summary>
    public static string Percent(double percent) => percent switch
    {
        <= 0 or double.NaN => "0%",
        < 0.05 => "<0.1%",
        >= 99.95 => $"{percent:0}%",
        _ => $"{percent:0.0}%",
    };

    /// <summary><c>45 MiB</c>.</summary>
    public static string Bytes(long bytes) => bytes < 1024 ? $"{bytes} B" : bytes < 1024 * 1024 ? $"{bytes / 1024.0:0.#} KiB" : $"{bytes / 1048576.0:0.#} MiB";
}
