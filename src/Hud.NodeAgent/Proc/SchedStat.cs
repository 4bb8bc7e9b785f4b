using System.Globalization;

namespace Hud.NodeAgent.Proc;

/// <summary>/proc/PID/task/TID/schedstat: <c>1023456 20400 17</c>: time on a CPU and time waiting for one, ns, and how often it got one.</summary>
internal readonly record struct SchedStat(long RunNs, long WaitNs, long Slices)
{
    public static bool TryParse(string text, out SchedStat stat)
    {
        stat = default;
        string[] fields = text.TrimEnd('\n').Split(' ');
        if (
            fields.Length != 3
            || !Number(fields[0], out long run)
            || !Number(fields[1], out long wait)
            || !Number(fields[2], out long slices)
        )
            return false;
        stat = new SchedStat(run, wait, slices);
        return true;

        static bool Number(string field, out long value) =>
            long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
