using Hud.Core.Stream;
using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Run;

/// <summary>What a run says that waits for a process. Pure.</summary>
internal static class WaitingText
{
    public static string Of(WaitingFor waiting)
    {
        string wanted =
            waiting.Name.Length == 0 ? "a process of the list"
            : waiting.Name.Contains('/') ? $"a process that runs {Printable.Clean(waiting.Name)}"
            : $"a process named {Printable.Clean(waiting.Name)}";
        return $"waiting for {wanted}"
            + (waiting.HadOne ? $": the last ended {Ago(waiting.ForNs)} ago" : $", for {Ago(waiting.ForNs)} so far");
    }

    private static string Ago(long ns)
    {
        long seconds = Math.Max(0, ns) / 1_000_000_000;
        return seconds < 120 ? $"{seconds} s"
            : seconds < 7200 ? $"{seconds / 60} min"
            : $"{seconds / 3600} h";
    }
}
