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
    LookBack,
    CopyPlace,
    CopyFunction,
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

    public GroupBy Group { get; init; }

    public string Search { get; init; } = "";

    /// <summary>True while the search is being typed.</summary>
    public bool Typing { get; init; }

    public bool Paused { get; init; }

    public TimeSpan Window { get; init; }

    /// <summary>The run keeps its last while, to be saved with a key.</summary>
    public bool LooksBack { get; init; }

    /// <summary>A line for the person, such as where the export went; it stands where the keys are, so not for long.</summary>
    public string Notice { get; init; } = "";

    /// <summary>When the notice goes, by the clock of whoever draws; null while it has none.</summary>
    public long? NoticeEnds { get; init; }

    /// <summary>Long enough to read a line.</summary>
    public const long NoticeMs = 3000;

    public UiState Say(string notice, long nowMs) => this with { Notice = notice, NoticeEnds = nowMs + NoticeMs };

    /// <summary>Without a notice that has been there long enough.</summary>
    public UiState At(long nowMs) => NoticeEnds <= nowMs ? this with { Notice = "", NoticeEnds = null } : this;
}
