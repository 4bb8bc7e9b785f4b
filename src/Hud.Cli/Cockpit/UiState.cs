namespace Hud.Cli.Cockpit;

internal enum Panel
{
    Hotspots,
    Tasks,
    Timeline,
    Warnings,
}

internal enum UiAction
{
    None,
    Quit,
    Export,
}

/// <summary>What the person at the keys has chosen. Immutable: every key gives a new one.</summary>
internal sealed record UiState
{
    public Panel Panel { get; init; }

    /// <summary>Key of the selected hotspot: the selection stays on it when the order changes. Empty selects the first.</summary>
    public string Selected { get; init; } = "";

    public bool Detail { get; init; }

    public bool Help { get; init; }

    public int Scroll { get; init; }

    public SortBy Sort { get; init; }

    public string Search { get; init; } = "";

    /// <summary>True while the search is being typed.</summary>
    public bool Typing { get; init; }

    public bool Paused { get; init; }

    public TimeSpan Window { get; init; }

    /// <summary>A line for the person, such as where the export went.</summary>
    public string Notice { get; init; } = "";
}
