namespace Hud.Core.Api;

/// <summary>Agents that watch the policy's target all the time, one on each node that has pods of it. Defaults are those of the CRD.</summary>
public sealed record ContinuousSpec
{
    /// <summary>In the place of the session's; 0.1 to 10.</summary>
    public double OverheadBudgetPercent { get; set; } = 0.5;

    /// <summary>An agent's longest life; 1h to 168h. It bounds whatever leaks or fills up.</summary>
    public GoDuration RenewAfter { get; set; } = new(86_400_000_000_000);

    /// <summary>True: the agents are taken away.</summary>
    public bool Suspend { get; set; }
}

/// <summary>What the agents of a policy watch.</summary>
public sealed record ContinuousStatus
{
    /// <summary>Agent pods that there are.</summary>
    public int Agents { get; set; }

    /// <summary>Those whose agent runs.</summary>
    public int AgentsReady { get; set; }

    /// <summary>With containers to watch.</summary>
    public int Nodes { get; set; }

    /// <summary>Containers that are watched, or will be once the agent of their node runs.</summary>
    public int Targets { get; set; }

    /// <summary>Pods of the target that are left out: beyond a bound, without a container that runs, or on a node that has no place for an agent.</summary>
    public int NotWatched { get; set; }

    /// <summary>Why pods are left out or agents do not run.</summary>
    public string Message { get; set; } = "";

    public DateTimeOffset? ObservedTime { get; set; }
}
