using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Hud.NodeAgent.Interop;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Bpf;

/// <summary>Reads the ring buffer on the caller's thread.</summary>
internal sealed unsafe class RingBuffer : SafeHandle, IEventSource
{
    private readonly RecordHandler _handler;
    private GCHandle _self;
    private ExceptionDispatchInfo? _failure;

    /// <exception cref="BpfException" />
    public RingBuffer(BpfMap map, RecordHandler handler)
        : base(0, ownsHandle: true)
    {
        _handler = handler;
        // weak, or the buffer would keep itself alive forever
        _self = GCHandle.Alloc(this, GCHandleType.Weak);
        SetHandle(Libbpf.ring_buffer__new(map.Fd, &OnSample, GCHandle.ToIntPtr(_self), 0));
        if (IsInvalid)
        {
            _self.Free();
            throw BpfException.FromErrno("map the ring buffer", Marshal.GetLastPInvokeError());
        }
    }

    public override bool IsInvalid => handle == 0;

    /// <inheritdoc />
    public int Poll(TimeSpan timeout)
    {
        int polled = Libbpf.ring_buffer__poll(this, (int)timeout.TotalMilliseconds);
        return polled + Drain();
    }

    /// <inheritdoc />
    public int Drain()
    {
        int read = Libbpf.ring_buffer__consume(this);
        _failure?.Throw();
        return Math.Max(read, 0);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnSample(nint context, nint data, nuint size)
    {
        var self = (RingBuffer)GCHandle.FromIntPtr(context).Target!;
        try
        {
            self._handler(new ReadOnlySpan<byte>((void*)data, (int)size));
        }
        catch (Exception e)
        {
            // no exception may cross native frames; Drain throws it again
            self._failure = ExceptionDispatchInfo.Capture(e);
            return -1;
        }

        return 0;
    }

    protected override bool ReleaseHandle()
    {
        Libbpf.ring_buffer__free(handle);
        _self.Free();
        return true;
    }
}
