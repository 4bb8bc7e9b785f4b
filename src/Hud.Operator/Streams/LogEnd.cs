namespace Hud.Operator.Streams;

/// <summary>An agent's container as the pod store has it.</summary>
/// <param name="Exists">The store has the pod.</param>
/// <param name="Ended">The container has ended, or never will run.</param>
/// <param name="ExitCode">Null while it runs, and where it is unknown.</param>
public readonly record struct AgentState(bool Exists, bool Ended, int? ExitCode)
{
    public static readonly AgentState Gone = new(Exists: false, Ended: false, ExitCode: null);
    public static readonly AgentState Running = new(Exists: true, Ended: false, ExitCode: null);
}

/// <summary>
/// Whether an agent's log has been read to its end. Pure. An error never says so, whatever its code: a kubelet that has just restarted answers
/// 404 for pods that run on it. Only the agent's last message does, or the pod store: the pod is gone, or its container ended before the log was
/// read to the end.
/// </summary>
public static class LogEnd
{
    /// <summary>
    /// How often the log of an ended container is read again when it cannot be all of it. With the pauses in between about half a minute, by
    /// which a kubelet knows its containers again after a restart.
    /// </summary>
    public const int Readings = 7;

    /// <param name="stream">What was read up to now, by all readings together.</param>
    /// <param name="readSeq">The last message of the latest reading; 0 when it had none.</param>
    /// <param name="before">The pod before the latest reading.</param>
    /// <param name="after">The pod after it.</param>
    /// <param name="clean">Readings in a row that came to the end of an ended container's log without an error, the latest included; 0 when it failed.</param>
    public static bool IsReached(StreamSnapshot stream, long readSeq, AgentState before, AgentState after, int clean) =>
        stream.EndMessage is not null
        || !after.Exists
        || (before.Ended && clean > 0 && (clean >= Readings || !IsCut(stream, readSeq, before)));

    /// <summary>
    /// The log has less than it must have: an agent that exits with 0 has sent its last message, and what was read once was there. So it is with
    /// a log that was rotated meanwhile, and with a kubelet that serves an excuse with 200 in place of a log.
    /// </summary>
    private static bool IsCut(StreamSnapshot stream, long readSeq, AgentState state) =>
        state.ExitCode == 0 || readSeq < stream.LastSeq;
}
