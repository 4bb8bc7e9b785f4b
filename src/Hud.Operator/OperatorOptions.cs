using System.Globalization;
using Hud.Core.Api;
using Hud.Kubernetes;
using k8s.Models;

namespace Hud.Operator;

/// <summary>What the administrator decides. No session can change any of it.</summary>
public sealed record OperatorOptions
{
    /// <summary>Where the operator runs and where agent pods are made.</summary>
    public string Namespace { get; init; } = "hud-system";

    public string AgentImage { get; init; } = "";
    public string AgentImagePullPolicy { get; init; } = "IfNotPresent";
    public IReadOnlyList<string> AgentImagePullSecrets { get; init; } = [];
    public string AgentServiceAccount { get; init; } = "hud-agent";
    public SecurityProfile AgentSecurityProfile { get; init; } = SecurityProfile.Capabilities;
    public ResourceQuantity AgentCpuRequest { get; init; } = new("50m");
    public ResourceQuantity AgentCpuLimit { get; init; } = new("1");
    public ResourceQuantity AgentMemoryRequest { get; init; } = new("128Mi");
    public ResourceQuantity AgentMemoryLimit { get; init; } = new("512Mi");
    public string? AgentPriorityClass { get; init; }

    /// <summary>Whether a report may name processes of other pods and of the node that had the CPU.</summary>
    public bool NeighbourNames { get; init; }

    /// <summary>The operator's Deployment, found when it begins to lead: with it go the agents of an installation that is removed.</summary>
    public V1OwnerReference? AgentOwner { get; init; }

    public GoDuration MaxDuration { get; init; } = GoDuration.Parse("30m");
    public int MaxPodsPerSession { get; init; } = 20;
    public int MaxSessionsPerNode { get; init; } = 10;
    public int MaxSessionsPerNamespace { get; init; } = 20;

    /// <summary>Beyond those in progress; any further one fails at once instead of waiting.</summary>
    public int MaxWaitingSessionsPerNamespace { get; init; } = 100;

    /// <summary>Empty: all.</summary>
    public IReadOnlyList<string> AllowedNamespaces { get; init; } = [];

    /// <summary>Of agents that watch all the time.</summary>
    public ContinuousOptions Continuous { get; init; } = new();

    public bool LeaderElection { get; init; } = true;
    public int Workers { get; init; } = 4;
    public string HealthAddress { get; init; } = "http://*:8080/";

    /// <summary>Where alerts are received, such as <c>http://*:8081/</c>; empty: nowhere.</summary>
    public string AlertsAddress { get; init; } = "";

    /// <summary>The file with the tokens of those who may send alerts.</summary>
    public string AlertsTokenFile { get; init; } = "";

    public bool ReceivesAlerts => AlertsAddress.Length > 0;

    public string LogLevel { get; init; } = "info";
    public double RequestsPerSecond { get; init; } = 200;

    /// <summary>The shortest time between two status writes that report progress alone.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Reads <c>HUD_*</c> variables, the names that the chart sets.</summary>
    /// <exception cref="FormatException">A value cannot be read; the message names the variable.</exception>
    public static OperatorOptions FromEnvironment(Func<string, string?> get)
    {
        var d = new OperatorOptions();
        var options = new OperatorOptions
        {
            Namespace = Text("HUD_NAMESPACE", d.Namespace),
            AgentImage = Text("HUD_AGENT_IMAGE", ""),
            AgentImagePullPolicy = Text("HUD_AGENT_IMAGE_PULL_POLICY", d.AgentImagePullPolicy),
            AgentImagePullSecrets = List("HUD_AGENT_IMAGE_PULL_SECRETS"),
            AgentServiceAccount = Text("HUD_AGENT_SERVICE_ACCOUNT", d.AgentServiceAccount),
            AgentSecurityProfile = Text("HUD_AGENT_SECURITY_PROFILE", "capabilities") switch
            {
                "capabilities" => SecurityProfile.Capabilities,
                "privileged" => SecurityProfile.Privileged,
                var other => throw new FormatException(
                    $"HUD_AGENT_SECURITY_PROFILE is {other}: use capabilities or privileged"
                ),
            },
            AgentCpuRequest = Quantity("HUD_AGENT_CPU_REQUEST", d.AgentCpuRequest),
            AgentCpuLimit = Quantity("HUD_AGENT_CPU_LIMIT", d.AgentCpuLimit),
            AgentMemoryRequest = Quantity("HUD_AGENT_MEMORY_REQUEST", d.AgentMemoryRequest),
            AgentMemoryLimit = Quantity("HUD_AGENT_MEMORY_LIMIT", d.AgentMemoryLimit),
            AgentPriorityClass = get("HUD_AGENT_PRIORITY_CLASS") is { Length: > 0 } priority ? priority : null,
            NeighbourNames = Flag("HUD_NEIGHBOUR_NAMES", otherwise: false),
            MaxDuration = GoDuration.TryParse(Text("HUD_MAX_DURATION", d.MaxDuration.ToString()), out var max)
                ? max
                : throw new FormatException("HUD_MAX_DURATION is not a duration: write it like 10m"),
            MaxPodsPerSession = Number("HUD_MAX_PODS_PER_SESSION", d.MaxPodsPerSession),
            MaxSessionsPerNode = Number("HUD_MAX_SESSIONS_PER_NODE", d.MaxSessionsPerNode),
            MaxSessionsPerNamespace = Number("HUD_MAX_SESSIONS_PER_NAMESPACE", d.MaxSessionsPerNamespace),
            MaxWaitingSessionsPerNamespace = Number(
                "HUD_MAX_WAITING_SESSIONS_PER_NAMESPACE",
                d.MaxWaitingSessionsPerNamespace
            ),
            AllowedNamespaces = List("HUD_ALLOWED_NAMESPACES"),
            Continuous = new ContinuousOptions
            {
                MaxAgentsPerNode = Number("HUD_CONTINUOUS_MAX_AGENTS_PER_NODE", d.Continuous.MaxAgentsPerNode),
                MaxPodsPerPolicy = Number("HUD_CONTINUOUS_MAX_PODS_PER_POLICY", d.Continuous.MaxPodsPerPolicy),
                CpuRequest = Quantity("HUD_CONTINUOUS_CPU_REQUEST", d.Continuous.CpuRequest),
                CpuLimit = Quantity("HUD_CONTINUOUS_CPU_LIMIT", d.Continuous.CpuLimit),
                MemoryRequest = Quantity("HUD_CONTINUOUS_MEMORY_REQUEST", d.Continuous.MemoryRequest),
                MemoryLimit = Quantity("HUD_CONTINUOUS_MEMORY_LIMIT", d.Continuous.MemoryLimit),
                Metrics = Flag("HUD_CONTINUOUS_METRICS", d.Continuous.Metrics),
                ScrapeAnnotations = Flag("HUD_CONTINUOUS_SCRAPE_ANNOTATIONS", d.Continuous.ScrapeAnnotations),
            },
            LeaderElection = Text("HUD_LEADER_ELECTION", "true") != "false",
            Workers = Number("HUD_WORKERS", d.Workers),
            HealthAddress = Text("HUD_HEALTH_ADDRESS", d.HealthAddress),
            AlertsAddress = Text("HUD_ALERTS_ADDRESS", ""),
            AlertsTokenFile = Text("HUD_ALERTS_TOKEN_FILE", ""),
            LogLevel = Text("HUD_LOG_LEVEL", d.LogLevel),
            RequestsPerSecond = Number("HUD_REQUESTS_PER_SECOND", (int)d.RequestsPerSecond),
        };
        if (options.ReceivesAlerts && options.AlertsTokenFile.Length == 0)
            throw new FormatException(
                "HUD_ALERTS_ADDRESS is set and HUD_ALERTS_TOKEN_FILE is not: by which token are senders of alerts known?"
            );
        return options.AgentImage.Length > 0
            ? options
            : throw new FormatException("HUD_AGENT_IMAGE is not set: which image should agent pods run?");

        string Text(string name, string otherwise) => get(name) is { Length: > 0 } value ? value : otherwise;

        bool Flag(string name, bool otherwise) =>
            Text(name, otherwise ? "true" : "false") switch
            {
                "true" => true,
                "false" => false,
                var other => throw new FormatException($"{name} is {other}: use true or false"),
            };

        ResourceQuantity Quantity(string name, ResourceQuantity otherwise)
        {
            var text = Text(name, otherwise.ToString());
            try
            {
                return new ResourceQuantity(text);
            }
            catch (FormatException e)
            {
                throw new FormatException($"{name} is {text}, which is not a quantity: write it like 100m or 128Mi", e);
            }
        }

        IReadOnlyList<string> List(string name) =>
            Text(name, "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        int Number(string name, int otherwise) =>
            get(name) is not { Length: > 0 } value ? otherwise
            : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                ? number
            : throw new FormatException($"{name} is {value}: a positive number is needed");
    }
}

public enum SecurityProfile
{
    /// <summary>Five capabilities and nothing else.</summary>
    Capabilities,

    /// <summary>For nodes whose seccomp profile or security module refuses bpf() to those capabilities alone.</summary>
    Privileged,
}
