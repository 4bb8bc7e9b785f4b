namespace Hud.Cli.Cockpit;

/// <summary>The row of keys at the bottom. A narrow terminal leaves out the least needed; help and the end go last. Pure.</summary>
internal static class FooterKeys
{
    /// <summary>Where no past is kept, nothing is to be said of it.</summary>
    private const string PastKey = "x";

    /// <summary>In the order they stand; Keep says how important a key is, the highest stay longest.</summary>
    private static readonly (string Key, string Meaning, int Keep)[] Table =
    [
        ("Enter", "open", 9),
        ("Tab", "panel", 8),
        ("s", "sort", 4),
        ("g", "group", 3),
        ("/", "find", 5),
        ("w", "span", 6),
        ("p", "pause", 2),
        ("y", "copy", 1),
        ("e", "save", 0),
        (PastKey, "past", 7),
        ("?", "keys", 10),
        ("q", "end", 11),
    ];

    private static readonly (string Key, string Meaning, int Keep)[] Detail =
    [
        ("j k", "scroll", 1),
        ("Esc", "back", 2),
        ("y", "copy", 0),
        ("e", "save", 0),
        (PastKey, "past", 0),
        ("?", "keys", 3),
        ("q", "end", 4),
    ];

    private static readonly (string Key, string Meaning, int Keep)[] Help =
    [
        ("j k", "scroll", 0),
        ("any other key", "back", 1),
    ];

    public static IReadOnlyList<(string Key, string Meaning)> Fitting(UiState ui, int width)
    {
        var keys = (
            ui.Help ? Help
            : ui.Detail ? Detail
            : Table
        ).Where(k => ui.LooksBack || k.Key != PastKey).ToList();
        // one column free on the left, two between
        while (keys.Count > 1 && keys.Sum(k => k.Key.Length + k.Meaning.Length + 3) - 1 > width)
            keys.Remove(keys.MinBy(k => k.Keep));
        return [.. keys.Select(k => (k.Key, k.Meaning))];
    }
}
