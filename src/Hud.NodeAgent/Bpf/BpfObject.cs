using System.Runtime.InteropServices;
using Hud.NodeAgent.Interop;

namespace Hud.NodeAgent.Bpf;

/// <summary>An opened object with its programs and maps. Closing it frees everything that is not attached.</summary>
internal sealed unsafe class BpfObject : SafeHandle
{
    private BpfObject(nint handle)
        : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    /// <exception cref="BpfException">libbpf cannot read the object.</exception>
    public static BpfObject OpenEmbedded()
    {
        using var resource =
            typeof(BpfObject).Assembly.GetManifestResourceStream("hud.bpf.o")
            ?? throw new InvalidOperationException("the BPF object is not embedded: the agent was built without it");
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        LibbpfLog.Begin();
        fixed (byte* at = bytes)
        {
            nint opened = Libbpf.bpf_object__open_mem(at, (nuint)bytes.Length, null);
            return opened != 0
                ? new BpfObject(opened)
                : throw BpfException.FromErrno("open the BPF object", Marshal.GetLastPInvokeError());
        }
    }

    public IEnumerable<BpfProgram> Programs
    {
        get
        {
            for (
                nint program = Libbpf.bpf_object__next_program(this, 0);
                program != 0;
                program = Libbpf.bpf_object__next_program(this, program)
            )
                yield return new BpfProgram(this, program);
        }
    }

    public BpfProgram Program(string name)
    {
        nint program = Libbpf.bpf_object__find_program_by_name(this, name);
        return program != 0
            ? new BpfProgram(this, program)
            : throw new InvalidOperationException($"no BPF program {name}");
    }

    public BpfMap Map(string name)
    {
        nint map = Libbpf.bpf_object__find_map_by_name(this, name);
        return map != 0 ? new BpfMap(this, map, name) : throw new InvalidOperationException($"no BPF map {name}");
    }

    /// <exception cref="BpfException">The kernel refused, with libbpf's and the verifier's words.</exception>
    public void Load()
    {
        int result = Libbpf.bpf_object__load(this);
        if (result != 0)
            throw BpfException.FromErrno("load the BPF programs", -result);
    }

    protected override bool ReleaseHandle()
    {
        Libbpf.bpf_object__close(handle);
        return true;
    }
}

/// <summary>A program inside an object, which it keeps alive.</summary>
internal readonly struct BpfProgram(BpfObject owner, nint handle)
{
    public string Name => Kept(Marshal.PtrToStringUTF8(Libbpf.bpf_program__name(handle)) ?? "");

    /// <summary>Valid as long as the object is referenced.</summary>
    public int Fd => Kept(Libbpf.bpf_program__fd(handle));

    public void SetAutoload(bool load) => Kept(Libbpf.bpf_program__set_autoload(handle, load));

    public void SetExpectedAttachType(int type) => Kept(Libbpf.bpf_program__set_expected_attach_type(handle, type));

    /// <exception cref="BpfException" />
    public BpfLink Attach() => BpfLink.FromLibbpf(Kept(Libbpf.bpf_program__attach(handle)), $"attach {Name}");

    /// <exception cref="BpfException" />
    public BpfLink AttachPerfEvent(int perfEvent) =>
        BpfLink.FromLibbpf(Kept(Libbpf.bpf_program__attach_perf_event(handle, perfEvent)), $"attach {Name}");

    /// <exception cref="BpfException" />
    public BpfLink AttachIterator() =>
        BpfLink.FromLibbpf(Kept(Libbpf.bpf_program__attach_iter(handle, 0)), $"attach {Name}");

    /// <exception cref="BpfException" />
    public BpfLink AttachPerfUprobe(string path, ulong offset, ulong cookie, bool isReturn)
    {
        var options = new Libbpf.UprobeOptions
        {
            Size = (nuint)sizeof_UprobeOptions,
            Cookie = cookie,
            ReturnProbe = isReturn ? (byte)1 : (byte)0,
        };
        return BpfLink.FromLibbpf(
            Kept(Libbpf.bpf_program__attach_uprobe_opts(handle, -1, path, (nuint)offset, in options)),
            $"attach {Name} to {path}+0x{offset:x}"
        );
    }

    private static unsafe int sizeof_UprobeOptions => sizeof(Libbpf.UprobeOptions);

    /// <summary>The object is not freed before the call that gave the value has returned.</summary>
    private T Kept<T>(T value)
    {
        GC.KeepAlive(owner);
        return value;
    }
}
