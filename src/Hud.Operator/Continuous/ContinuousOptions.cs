using k8s.Models;

namespace Hud.Operator;

/// <summary>What the administrator decides about agents that watch all the time.</summary>
public sealed record ContinuousOptions
{
    /// <summary>Each of another policy; of one namespace not all of them, unless there is only one place.</summary>
    public int MaxAgentsPerNode { get; init; } = 4;

    /// <summary>Beside the policy's own bound, session.target.maxPods.</summary>
    public int MaxPodsPerPolicy { get; init; } = 100;

    public ResourceQuantity CpuRequest { get; init; } = new("50m");
    public ResourceQuantity CpuLimit { get; init; } = new("500m");
    public ResourceQuantity MemoryRequest { get; init; } = new("128Mi");
    public ResourceQuantity MemoryLimit { get; init; } = new("512Mi");

    /// <summary>Whether a container beside the agent serves its metrics.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>Whether the pods have <c>prometheus.io/scrape</c> and its like.</summary>
    public bool ScrapeAnnotations { get; init; }
}
