using System.Text.Json.Serialization;

namespace Hud.WorkloadTests.Harness;

/// <summary>
/// One line of a workload's log: a block as the program measured it itself.
/// <c>{"kind":"cpu","function":"burn","start_ns":1,"dur_ns":2,"cpu_ns":2,"run_delay_ns":0,"tid":7}</c>
/// </summary>
internal sealed record TruthBlock
{
    public string Kind { get; set; } = "";
    public string Function { get; set; } = "";

    /// <summary>CLOCK_MONOTONIC.</summary>
    public long StartNs { get; set; }
    public long DurNs { get; set; }
    public long CpuNs { get; set; }
    public long RunDelayNs { get; set; }
    public int Tid { get; set; }

    /// <summary>Neither computing nor waiting for a CPU: asleep.</summary>
    [JsonIgnore]
    public long AsleepNs => Math.Max(0, DurNs - CpuNs - RunDelayNs);

    [JsonIgnore]
    public long EndNs => StartNs + DurNs;
}

/// <summary>Any other line: <c>ready</c>, <c>second</c>, <c>panics</c>, <c>skip</c>, <c>summary</c>; absent fields are null.</summary>
internal sealed record TruthLine
{
    public bool? Ready { get; set; }
    public int? Pid { get; set; }

    /// <summary>A function that never ends, from StartNs on.</summary>
    public string? Began { get; set; }
    public int? Tid { get; set; }
    public long? StartNs { get; set; }
    public long? UnixNs { get; set; }
    public string? Skip { get; set; }
    public long? Panics { get; set; }
    public long? Polls { get; set; }
    public long? AtNs { get; set; }

    /// <summary>A task that was woken at WakeNs and polled at PollNs.</summary>
    public string? Wait { get; set; }
    public long? WakeNs { get; set; }
    public long? PollNs { get; set; }
    public bool? Summary { get; set; }
    public string? Kind { get; set; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TruthBlock))]
[JsonSerializable(typeof(TruthLine))]
internal sealed partial class TruthJson : JsonSerializerContext;
