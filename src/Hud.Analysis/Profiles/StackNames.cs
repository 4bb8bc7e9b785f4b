using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>What charts write where the document has an index.</summary>
public static class StackNames
{
    public const string NoStack = "[no stack]";
    public const string NoTask = "[task unknown]";

    public static string Task(ProfileDocument document, int index) =>
        index >= 0 && index < document.Tasks.Count && document.Tasks[index].Name.Length > 0
            ? document.Tasks[index].Name
            : NoTask;

    public static IEnumerable<string> RootFirst(ProfileDocument document, int stack) =>
        Frames(document, stack).Reverse().Select(Frame);

    /// <summary>Leaf first; empty for a stack that was not caught.</summary>
    public static IReadOnlyList<ProfileFrame> Frames(ProfileDocument document, int stack) =>
        stack >= 0 && stack < document.StackTable.Count && document.StackTable[stack].Frames.Count > 0
            ? document.StackTable[stack].Frames
            : [new ProfileFrame { Function = NoStack }];

    public static string Frame(ProfileFrame frame) =>
        frame.Function.Length > 0 ? frame.Function
        : frame.Module.Length > 0 ? $"[{frame.Module}]"
        : "[unknown]";

    /// <summary>Splits <c>src/login.rs:42</c>; line 0 when there is none.</summary>
    public static (string File, int Line) Location(string location)
    {
        int colon = location.LastIndexOf(':');
        return colon > 0 && int.TryParse(location.AsSpan(colon + 1), out int line)
            ? (location[..colon], line)
            : (location, 0);
    }
}
