using System.Runtime.InteropServices;
using Hud.NodeAgent.Interop;

namespace Hud.NodeAgent.Bpf;

/// <summary>An attachment; closing it detaches. The kernel does the same when the agent dies, however it dies.</summary>
internal sealed class BpfLink : SafeHandle
{
    private readonly bool _raw;

    private BpfLink(nint handle, bool raw)
        : base(-1, ownsHandle: true)
    {
        SetHandle(handle);
        _raw = raw;
    }

    public override bool IsInvalid => handle is 0 or -1;

    public int Fd => _raw ? (int)handle : Libbpf.bpf_link__fd(this);

    /// <exception cref="BpfException" />
    internal static BpfLink FromLibbpf(nint link, string operation) =>
        link != 0
            ? new BpfLink(link, raw: false)
            : throw BpfException.FromErrno(operation, Marshal.GetLastPInvokeError());

    internal static BpfLink FromDescriptor(int fd) => new(fd, raw: true);

    protected override bool ReleaseHandle()
    {
        if (_raw)
            return Libc.close((int)handle) == 0;
        return Libbpf.bpf_link__destroy(handle) == 0;
    }
}
