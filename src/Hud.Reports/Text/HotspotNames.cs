using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Text;

/// <summary>
/// Two hotspots may have the same cause and function: the same call from two places, two calls of one function. A list that
/// shows both must say what is different. Pure.
/// </summary>
public static class HotspotNames
{
    /// <summary>For each hotspot what distinguishes it from those that look the same; empty for one that looks like no other.</summary>
    public static IReadOnlyList<string> Apart(IReadOnlyList<Hotspot> hotspots)
    {
        string[] apart = [.. hotspots.Select(_ => "")];
        foreach (
            var alike in hotspots
                .Select((h, i) => (Hotspot: h, Index: i))
                .GroupBy(x => (x.Hotspot.Cause, Name: Words.Blamed(x.Hotspot)))
                .Where(g => g.Count() > 1)
        )
        {
            var members = alike.ToList();
            var values = Values([.. members.Select(m => m.Hotspot)]);
            for (int i = 0; i < members.Count; i++)
                apart[members[i].Index] = values[i];
        }

        return apart;
    }

    public static IReadOnlyList<string> Apart(IReadOnlyList<HotspotDiff> hotspots) =>
        Apart([
            .. hotspots.Select(h => Named(h.Cause, h.Function, h.UserFrame, h.Location, h.Task, h.Syscall, h.Stack)),
        ]);

    public static IReadOnlyList<string> Apart(IReadOnlyList<StatusHotspot> hotspots) =>
        Apart([
            .. hotspots.Select(h => Named(h.Cause, h.Function, h.UserFrame, h.Location, h.Task, h.Syscall, h.Stack)),
        ]);

    private static Hotspot Named(
        HotspotCause cause,
        string function,
        string userFrame,
        string location,
        string task,
        string syscall,
        IReadOnlyList<string> stack
    ) =>
        new()
        {
            Cause = cause,
            Function = function,
            UserFrame = userFrame,
            Location = location,
            Task = task,
            Syscall = syscall,
            Stack = stack,
        };

    private static string[] Values(List<Hotspot> alike)
    {
        string[] said = [.. alike.Select(_ => "")];
        // what a reader knows first: the line, then the call, then the way to it
        List<string>[] properties =
        [
            [.. alike.Select(h => h.Location[(h.Location.LastIndexOf('/') + 1)..])],
            [.. alike.Select(h => h.Syscall)],
            [.. alike.Select(h => h.Function == Words.Blamed(h) ? "" : "in " + h.Function)],
            [.. alike.Select(h => h.Task.Length > 0 ? "task " + h.Task : "")],
            Callers(alike),
        ];
        foreach (var property in properties)
        {
            if (property.Distinct(StringComparer.Ordinal).Count() == 1)
                continue;
            // only where another one still looks the same
            string[] before = said;
            said = [.. before.Select((s, i) => before.Count(b => b == s) > 1 ? Join(s, property[i]) : s)];

            if (said.Distinct(StringComparer.Ordinal).Count() == said.Length)
                return said;
        }

        return [.. said.Select((s, i) => Join(s, $"#{i + 1}"))];
    }

    private static string Join(string said, string more) =>
        said.Length == 0 ? more
        : more.Length == 0 ? said
        : $"{said}, {more}";

    /// <summary>The first frame, from the leaf, at which the stacks part.</summary>
    private static List<string> Callers(List<Hotspot> alike)
    {
        int longest = alike.Max(h => h.Stack.Count);
        for (int depth = 0; depth < longest; depth++)
        {
            var frames = alike.Select(h => depth < h.Stack.Count ? h.Stack[depth] : "").ToList();
            if (frames.Distinct(StringComparer.Ordinal).Count() > 1)
                return [.. frames.Select(f => f.Length > 0 ? "via " + FunctionOf(f) : "")];
        }

        return [.. alike.Select(_ => "")];
    }

    // checkout::login (src/login.rs:42)
    private static string FunctionOf(string frame) =>
        frame.LastIndexOf(" (", StringComparison.Ordinal) is > 0 and var open ? frame[..open] : frame;
}
