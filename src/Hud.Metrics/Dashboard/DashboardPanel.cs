namespace Hud.Metrics.Dashboard;

/// <summary>How a panel shows what its queries answer; each is a visualization that comes with Grafana.</summary>
public enum PanelKind
{
    /// <summary>One number, now.</summary>
    Stat,

    /// <summary>Lines over time.</summary>
    TimeSeries,

    /// <summary>A bar for each series, coloured by its state over time.</summary>
    StateTimeline,

    /// <summary>A row for each series, now; a column for each label.</summary>
    Table,
}

/// <param name="Expression">PromQL, with the variables of <see cref="HudDashboard"/> and Grafana's own.</param>
/// <param name="Legend">The name of each series, such as <c>{{pod}}</c>. A label that a series lacks leaves nothing.</param>
public sealed record PanelQuery(string Expression, string Legend = "");

/// <summary>From a value on, a colour. The value of the first is not read: it is the colour below the second.</summary>
public sealed record PanelThreshold(double From, string Color);

/// <summary>What a value means.</summary>
public sealed record PanelState(int Value, string Text, string Color);

/// <param name="Unit">As Grafana calls it, such as <c>s</c> and <c>percentunit</c>.</param>
/// <param name="Description">What is to be seen, and what to do about it: shown behind the panel's sign for information.</param>
/// <param name="Width">Of the 24 columns.</param>
public sealed record DashboardPanel(PanelKind Kind, int Width, string Title, string Unit, string Description)
{
    public IReadOnlyList<PanelQuery> Queries { get; init; } = [];

    /// <summary>Without any, series have colours of their own.</summary>
    public IReadOnlyList<PanelThreshold> Thresholds { get; init; } = [];

    public IReadOnlyList<PanelState> States { get; init; } = [];

    /// <summary>Series are parts of a whole.</summary>
    public bool Stacked { get; init; }

    /// <summary>Values below zero mean something.</summary>
    public bool Signed { get; init; }

    /// <summary>Observations are shown as points, where Prometheus keeps exemplars.</summary>
    public bool Exemplars { get; init; }

    /// <summary>Shown where a query answers nothing.</summary>
    public string? NoValue { get; init; }

    /// <summary>Of a table, in order; the last is the value, and without a name it is left out.</summary>
    public IReadOnlyList<(string Label, string Name)> Columns { get; init; } = [];
}

/// <param name="Title">Without one the row goes on below the one before, with a height of its own.</param>
/// <param name="Height">Of each of its panels, in units of 30 pixels.</param>
public sealed record DashboardRow(string Title, int Height, IReadOnlyList<DashboardPanel> Panels);

/// <summary>A choice at the top, of the values that a label has now; all of them at first.</summary>
/// <param name="Values">A query of Grafana's for them.</param>
public sealed record DashboardVariable(string Name, string Label, string Values);
