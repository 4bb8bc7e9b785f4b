namespace Hud.Tokio;

/// <summary>What a task vtable belongs to; known by the distance of its last two offsets.</summary>
public enum TaskKind
{
    /// <summary>A future on a runtime: the only kind whose polls are timed.</summary>
    Async,

    /// <summary>A spawn_blocking closure or a worker's own main loop: never timed, never blamed.</summary>
    Blocking,
}

/// <summary>
/// One <c>tokio::runtime::task::raw::Vtable</c>; addresses are ELF addresses. One exists for each pair of future type
/// and scheduler, in every release build, because tasks hold its address.
/// </summary>
/// <param name="Address">Of the vtable.</param>
/// <param name="Poll">Slot 0: <c>raw::poll::&lt;T, S&gt;</c>, the function that is probed.</param>
/// <param name="Schedule">Slot 1: equal for tasks of one scheduler type.</param>
/// <param name="Dealloc">Slot 2: leads to the future's type name.</param>
/// <param name="Shutdown">Slot 6: leads there too when dealloc has the destructor inlined.</param>
/// <param name="SchedulerOffset">From the task's header to its scheduler handle, in bytes.</param>
/// <param name="TaskIdOffset">From the task's header to its id, in bytes.</param>
public readonly record struct TaskVtable(
    ulong Address,
    ulong Poll,
    ulong Schedule,
    ulong Dealloc,
    ulong Shutdown,
    uint TrailerOffset,
    uint SchedulerOffset,
    uint TaskIdOffset
)
{
    /// <summary>
    /// <c>Core { scheduler: S, task_id, stage }</c>: an Arc is 8 bytes, and a blocking task's scheduler is
    /// zero-sized (tokio 1.23 to 1.39) or two words of hooks (since 1.40).
    /// </summary>
    public TaskKind Kind => TaskIdOffset - SchedulerOffset == 8 ? TaskKind.Async : TaskKind.Blocking;
}
