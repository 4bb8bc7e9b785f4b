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
        LibbpfLog.Capture();
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
                nint program = Libbpf.bpf_object__next_program(handle, 0);
                program != 0;
                program = Libbpf.bpf_object__next_program(handle, program)
            )
                yield return new BpfProgram(program);
        }
    }

    public BpfProgram Program(string name)
    {
        nint program = Libbpf.bpf_object__find_program_by_name(handle, name);
        return program != 0 ? new BpfProgram(program) : throw new InvalidOperationException($"no BPF program {name}");
    }

    public BpfMap Map(string name)
    {
        nint map = Libbpf.bpf_object__find_map_by_name(handle, name);
        return map != 0 ? new BpfMap(map, name) : throw new InvalidOperationException($"no BPF map {name}");
    }

    /// <exception cref="BpfException">The kernel refused, with libbpf's and the verifier's words.</exception>
    public void Load()
    {
        int result = Libbpf.bpf_object__load(handle);
        if (result != 0)
            throw BpfException.FromErrno("load the BPF programs", -result);
    }

    protected override bool ReleaseHandle()
    {
        Libbpf.bpf_object__close(handle);
        return true;
    }
}

/// <summary>A program inside an object; lives as long as the object.</summary>
internal readonly struct BpfProgram(nint handle)
{
    public string Name => Marshal.PtrToStringUTF8(Libbpf.bpf_program__name(handle)) ?? "";

    public int Fd => Libbpf.bpf_program__fd(handle);

    public void SetAutoload(bool load) => Libbpf.bpf_program__set_autoload(handle, load);

    public void SetExpectedAttachType(int type) => Libbpf.bpf_program__set_expected_attach_type(handle, type);

    /// <exception cref="BpfException" />
    public BpfLink Attach() => BpfLink.FromLibbpf(Libbpf.bpf_program__attach(handle), $"attach {Name}");

    /// <exception cref="BpfException" />
    public BpfLink AttachPerfEvent(int perfEvent) =>
        BpfLink.FromLibbpf(Libbpf.bpf_program__attach_perf_event(handle, perfEvent), $"attach {Name}");

    /// <exception cref="BpfException" />
    public BpfLink AttachIterator() => BpfLink.FromLibbpf(Libbpf.bpf_program__attach_iter(handle, 0), $"attach {Name}");

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
            Libbpf.bpf_program__attach_uprobe_opts(handle, -1, path, (nuint)offset, in options),
            $"attach {Name} to {path}+0x{offset:x}"
        );
    }

    private static unsafe int sizeof_UprobeOptions => sizeof(Libbpf.UprobeOptions);
}
