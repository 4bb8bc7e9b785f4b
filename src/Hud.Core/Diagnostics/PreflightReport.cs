namespace Hud.Core.Diagnostics;

/// <summary>What <c>hud-agent doctor</c> found out about this machine, as JSON on its stdout.</summary>
public sealed record PreflightReport
{
    public IReadOnlyList<PreflightCheck> Checks { get; set; } = [];
}

public sealed record PreflightCheck
{
    public string Name { get; set; } = "";
    public bool Ok { get; set; }

    /// <summary>What was seen.</summary>
    public string Detail { get; set; } = "";

    /// <summary>What to do; empty when nothing has to be done.</summary>
    public string NextStep { get; set; } = "";
}
