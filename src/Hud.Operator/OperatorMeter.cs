using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Hud.Operator;

/// <summary>What the operator counts of its own, beside the names every controller has.</summary>
public static class OperatorMeter
{
    public const string Name = "Hud.Operator";

    public static readonly ActivitySource Traces = new(Name);

    private static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Sessions = Meter.CreateCounter<long>(
        "hud_sessions_total",
        description: "Finished sessions by outcome and reason"
    );
    public static readonly Counter<long> Agents = Meter.CreateCounter<long>(
        "hud_agent_pods_created_total",
        description: "Agent pods created"
    );
    public static readonly Counter<long> Orphans = Meter.CreateCounter<long>(
        "hud_agent_pods_orphaned_total",
        description: "Agent pods deleted because their session was gone or done"
    );
    public static readonly Counter<long> StreamLines = Meter.CreateCounter<long>(
        "hud_stream_lines_total",
        description: "Lines read from agents"
    );
    public static readonly Counter<long> StreamGaps = Meter.CreateCounter<long>(
        "hud_stream_missing_lines_total",
        description: "Numbered lines of agents that never arrived"
    );
    public static readonly Counter<long> StatusWrites = Meter.CreateCounter<long>(
        "hud_status_writes_total",
        description: "Writes of session status"
    );
    public static readonly Counter<long> ResultBytes = Meter.CreateCounter<long>(
        "hud_result_bytes_total",
        description: "Bytes stored as results"
    );
    public static readonly Counter<long> MemoryRetries = Meter.CreateCounter<long>(
        "hud_memory_retries_total",
        description: "Profiles that were opened again because the heap was full"
    );
    public static readonly Histogram<double> FirstSample = Meter.CreateHistogram<double>(
        "hud_first_sample_seconds",
        "s",
        "From the creation of a session to the first progress of an agent"
    );
    public static readonly Histogram<double> Completion = Meter.CreateHistogram<double>(
        "hud_completion_seconds",
        "s",
        "From the end of the last agent's stream to the final status"
    );
    public static readonly Counter<long> PolicyRuns = Meter.CreateCounter<long>(
        "hud_policy_runs_total",
        description: "Runs of policies by what became of them (created, refused, missed) and by what made them (schedule, alert, rollout)"
    );
    public static readonly Counter<long> AlertRequests = Meter.CreateCounter<long>(
        "hud_alert_requests_total",
        description: "Requests to the receiver of alerts by the code of their answer"
    );
    public static readonly Counter<long> AlertsReceived = Meter.CreateCounter<long>(
        "hud_alerts_received_total",
        description: "Alerts received: firing, resolved, malformed"
    );
    public static readonly Counter<long> AlertsLeftOut = Meter.CreateCounter<long>(
        "hud_alerts_left_out_total",
        description: "Firing alerts that made no session by the reason; one that several policies take counts for each"
    );
    public static readonly Counter<long> ContinuousCreated = Meter.CreateCounter<long>(
        "hud_continuous_agents_created_total",
        description: "Agents created that watch all the time"
    );
    public static readonly Counter<long> ContinuousEnded = Meter.CreateCounter<long>(
        "hud_continuous_agents_ended_total",
        description: "Agents ended that watched all the time, by the reason"
    );
    public static readonly Counter<long> ContinuousPatches = Meter.CreateCounter<long>(
        "hud_continuous_target_patches_total",
        description: "Lists of targets written for agents that watch all the time"
    );
    public static readonly Gauge<long> Active = Meter.CreateGauge<long>(
        "hud_sessions_active",
        description: "Sessions in progress"
    );
    public static readonly Gauge<long> Leader = Meter.CreateGauge<long>(
        "hud_leader",
        description: "1 on the replica that leads"
    );
}
