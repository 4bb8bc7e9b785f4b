namespace Hud.Cli.Cockpit;

/// <summary>What each key does. Pure.</summary>
internal static class Keys
{
    private const int MaxSearch = 60;

    private static readonly int[] Windows = [0, 5, 10, 30, 60, 300];

    /// <summary>For the help page: key and meaning, in the order of use.</summary>
    public static IReadOnlyList<(string Key, string Meaning)> All { get; } =
    [
        ("up down  j k", "choose a hotspot; scroll in the details"),
        ("Enter", "details: the whole stack, advice, who held the lock"),
        ("Esc", "back; leave the search"),
        ("Tab", "next panel: hotspots, tasks, timeline, warnings"),
        ("1 2 3 4", "that panel"),
        ("s", "sort by time lost, count, p99, max or trend"),
        ("g", "group by function, file or task; again for none"),
        ("/", "search in functions, files, tasks, causes and stacks"),
        ("c", "clear the search and the grouping"),
        ("w", "look back over 5 s, 10 s, 30 s, 1 min, 5 min or everything"),
        ("p  space", "pause the picture; measuring goes on"),
        ("y  Y", "copy file:line, or the function, to the clipboard"),
        ("e", "export now"),
        ("x", "save the last minutes (--look-back), from before the key"),
        ("?", "this page"),
        ("q  Ctrl-C", "end the run and print the report"),
    ];

    public static (UiState State, UiAction Action) Press(UiState ui, ConsoleKeyInfo key, IReadOnlyList<HotspotRow> rows)
    {
        ui = ui with { Notice = "", NoticeEnds = null };
        if (ui.Typing)
            return (Type(ui, key), UiAction.None);
        // what does not fit scrolls; any other key leaves
        if (ui.Help && Step(key) is { } by)
            return (ui with { Scroll = Math.Clamp(ui.Scroll + by, 0, 10_000) }, UiAction.None);
        if (ui.Help)
            return (ui with { Help = false, Scroll = 0 }, UiAction.None);
        switch (key.Key)
        {
            case ConsoleKey.UpArrow:
                return (Move(ui, rows, -1), UiAction.None);
            case ConsoleKey.DownArrow:
                return (Move(ui, rows, 1), UiAction.None);
            case ConsoleKey.PageUp:
                return (Move(ui, rows, -10), UiAction.None);
            case ConsoleKey.PageDown:
                return (Move(ui, rows, 10), UiAction.None);
            case ConsoleKey.Home:
                return (Move(ui, rows, -1_000_000), UiAction.None);
            case ConsoleKey.End:
                return (Move(ui, rows, 1_000_000), UiAction.None);
            case ConsoleKey.Enter:
                return (
                    Chooses(ui.Panel) && rows.Count > 0
                        ? ui with
                        {
                            Detail = !ui.Detail,
                            Scroll = 0,
                            Selected = Current(ui, rows)!.Key,
                        }
                        : ui,
                    UiAction.None
                );
            case ConsoleKey.Escape:
                return (ui.Detail ? ui with { Detail = false, Scroll = 0 } : ui with { Search = "" }, UiAction.None);
            case ConsoleKey.Tab:
                int step = key.Modifiers.HasFlag(ConsoleModifiers.Shift) ? 3 : 1;
                return (Show(ui, (Panel)(((int)ui.Panel + step) % 4)), UiAction.None);
        }

        return key.KeyChar switch
        {
            'q' or 'Q' => (ui, UiAction.Quit),
            'e' => (ui, UiAction.Export),
            'x' => (ui, UiAction.LookBack),
            'k' => (Move(ui, rows, -1), UiAction.None),
            'j' => (Move(ui, rows, 1), UiAction.None),
            'y' => (ui, rows.Count > 0 ? UiAction.CopyPlace : UiAction.None),
            'Y' => (ui, rows.Count > 0 ? UiAction.CopyFunction : UiAction.None),
            'c' => (ui with { Search = "", Group = GroupBy.None }, UiAction.None),
            'g' => (
                Show(ui, Panel.Hotspots) with
                {
                    Group = (GroupBy)(((int)ui.Group + 1) % Enum.GetValues<GroupBy>().Length),
                },
                UiAction.None
            ),
            '?' or 'h' => (ui with { Help = true, Scroll = 0 }, UiAction.None),
            '/' => (Show(ui, Panel.Hotspots) with { Typing = true, Search = "" }, UiAction.None),
            'p' or ' ' => (ui with { Paused = !ui.Paused }, UiAction.None),
            's' => (ui with { Sort = (SortBy)(((int)ui.Sort + 1) % Enum.GetValues<SortBy>().Length) }, UiAction.None),
            'w' => (ui with { Window = NextWindow(ui.Window) }, UiAction.None),
            >= '1' and <= '4' => (Show(ui, (Panel)(key.KeyChar - '1')), UiAction.None),
            _ => (ui, UiAction.None),
        };
    }

    /// <summary>The selected row; the first when the selected one is gone or none was chosen.</summary>
    public static HotspotRow? Current(UiState ui, IReadOnlyList<HotspotRow> rows) =>
        rows.FirstOrDefault(r => r.Key == ui.Selected) ?? rows.FirstOrDefault();

    /// <summary>What a key for copying takes: the line if it is known, else the function.</summary>
    public static string CopyText(UiState ui, IReadOnlyList<HotspotRow> rows, UiAction action) =>
        Current(ui, rows) is not { } row ? ""
        : action == UiAction.CopyPlace && row.Hotspot.Location.Length > 0 ? row.Hotspot.Location
        : Reports.Text.Words.Blamed(row.Hotspot);

    private static int? Step(ConsoleKeyInfo key) =>
        key.Key switch
        {
            ConsoleKey.UpArrow => -1,
            ConsoleKey.DownArrow => 1,
            ConsoleKey.PageUp => -10,
            ConsoleKey.PageDown => 10,
            _ => key.KeyChar switch
            {
                'k' => -1,
                'j' => 1,
                _ => null,
            },
        };

    /// <summary>The arrows choose a hotspot here; the timeline, which has nothing to scroll, shows them below.</summary>
    public static bool Chooses(Panel panel) => panel is Panel.Hotspots or Panel.Timeline;

    private static UiState Show(UiState ui, Panel panel) => ui with { Panel = panel, Detail = false, Scroll = 0 };

    private static UiState Move(UiState ui, IReadOnlyList<HotspotRow> rows, int by)
    {
        // the frame clamps the scroll to what there is; a bound here keeps it from running away
        if (ui.Detail || !Chooses(ui.Panel))
            return ui with { Scroll = Math.Clamp(ui.Scroll + by, 0, 10_000) };
        if (rows.Count == 0)
            return ui;
        int at = 0;
        for (int i = 0; i < rows.Count; i++)
            at = rows[i].Key == ui.Selected ? i : at;
        return ui with { Selected = rows[Math.Clamp(at + by, 0, rows.Count - 1)].Key };
    }

    private static UiState Type(UiState ui, ConsoleKeyInfo key) =>
        key.Key switch
        {
            ConsoleKey.Enter => ui with { Typing = false },
            ConsoleKey.Escape => ui with { Typing = false, Search = "" },
            ConsoleKey.Backspace => ui with { Search = ui.Search.Length > 0 ? ui.Search[..^1] : "" },
            _ => char.IsControl(key.KeyChar) || key.KeyChar == 0 || ui.Search.Length >= MaxSearch
                ? ui
                : ui with
                {
                    Search = ui.Search + key.KeyChar,
                },
        };

    private static TimeSpan NextWindow(TimeSpan window)
    {
        int next = Windows.FirstOrDefault(w => w > window.TotalSeconds);
        return TimeSpan.FromSeconds(next);
    }
}
