namespace Hud.NodeAgent.Kernel;

/// <summary>One record of the programs, with the stack slice behind it; valid during the call.</summary>
internal delegate void RecordHandler(ReadOnlySpan<byte> record);

/// <summary>The records of the programs, handed on by the caller's thread. One implementation reads the ring buffer.</summary>
internal interface IEventSource : IDisposable
{
    /// <summary>Waits until the BPF programs ask for it or the time is over, then reads everything there is.</summary>
    /// <returns>How many records were read.</returns>
    int Poll(TimeSpan timeout);

    /// <summary>Reads everything there is.</summary>
    /// <returns>How many records were read.</returns>
    int Drain();
}
