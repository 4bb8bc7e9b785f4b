using Hud.Core.Stream;
using Hud.Operator.Alerts;
using Hud.Operator.Streams;
using Hud.Operator.Targets;

namespace Hud.Operator;

/// <summary>
/// What the operator may need at most, by the bounds it keeps. The memory limit of its container follows from the sum; a test compares them,
/// and the scale run in bench/ measures what is really used.
/// </summary>
public static class MemoryBounds
{
    private const long MiB = 1 << 20;

    /// <summary>The runtime, its code, the young generation, TLS and connection pools: what an idle operator has.</summary>
    public const long Idle = 64 * MiB;

    /// <summary>In view at the same time, spec, status (32 KiB at most, 4 KiB on the usual day) and metadata.</summary>
    public const long Sessions = 1000 * (16L << 10);

    /// <summary>Running agents: a connection, a line's buffer, the last progress. A profile's line takes more, and its place is counted below.</summary>
    public const long Streams = 400 * (64L << 10);

    /// <summary>Parts, and the line that brings the next.</summary>
    public const long Receiving =
        ProfileIntake.MaxReceiving * (StreamLimits.MaxCompressedProfileBytes + (2L * StreamLimits.MaxLineBytes));

    /// <summary>One profile open, and as much again for what is merged, cut or rendered from it.</summary>
    public const long Open = StreamLimits.MaxProfileBytes + (2L * StreamLimits.MaxProfileHeapBytes);

    /// <summary>Remembered targets of running sessions with more than their status lists; of others the status is the memory.</summary>
    public const int MaxTargets = 2000;

    /// <summary>Names, ids, an image, figures.</summary>
    public const long Targets = MaxTargets * 1024L;

    public const long Held = ProfileIntake.MaxHeldBytes;

    /// <summary>Bodies that are read, the one that is being taken apart (64 labels an alert, each two texts of .NET), and what waits of them.</summary>
    public const long Alerts =
        (AlertServer.MaxBodies * AlertPayload.MaxBytes) + (8L * AlertPayload.MaxBytes) + (AlertInbox.MaxInAll * 1024L);

    /// <summary>Agents that watch all the time, in view with what each watches: 63 targets are 45 KiB, the usual handful 8.</summary>
    public const long Continuous = 400 * (24L << 10);

    /// <summary>One look at the pods of a target that is watched all the time: a page, four times over while it is read and becomes objects, and what is kept of each pod.</summary>
    public const long Look = (4L * TargetResolver.MaxPageBytes) + (TargetResolver.MaxLookPods * 2048L);

    public const long Total =
        Idle + Sessions + Streams + Receiving + Open + Targets + Held + Alerts + Continuous + Look;
}
