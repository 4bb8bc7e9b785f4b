using System.Runtime.InteropServices;
using System.Text;
using Hud.NodeAgent.Interop;

namespace Hud.NodeAgent.Bpf;

/// <summary>
/// BPF_LINK_CREATE for uprobe.multi and uprobe.session by the raw system call: libbpf knows them from 1.3 on, and
/// Debian 12 has 1.1. Layout: <c>union bpf_attr.link_create.uprobe_multi</c> in <c>include/uapi/linux/bpf.h</c>.
/// </summary>
internal static unsafe class UprobeMulti
{
    internal const int AttachTypeMulti = 48;
    internal const int AttachTypeSession = 57;
    private const int LinkCreate = 28;
    private const uint ReturnFlag = 1;

    /// <summary>
    /// The pid to give to the kernel: from 6.6 to 6.9 its filter compares threads, so that of a whole process only the first
    /// thread would be seen (commit 46ba0e49b642; the version does not show backports). There the programs, which know their
    /// targets anyway, do it alone: 0, and other processes with the same executable pay for a probe hit that is thrown away.
    /// </summary>
    internal static int FilterPid(Version kernel, int pid) => kernel < FilterByProcess ? 0 : pid;

    private static readonly Version FilterByProcess = new(6, 10);

    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public int ProgramFd;
        public uint TargetFd;
        public uint AttachType;
        public uint Flags;
        public ulong Path;
        public ulong Offsets;
        public ulong RefCounterOffsets;
        public ulong Cookies;
        public uint Count;
        public uint MultiFlags;
        public uint Pid;
        public uint Pad;
    }

    /// <param name="path">
    /// <c>/proc/self/fd/N</c> of the file that was read: probes belong to the inode, and any other path may lead to another one by now.
    /// </param>
    /// <param name="pid">In the agent's pid namespace; 0 for every process.</param>
    /// <exception cref="BpfException" />
    internal static BpfLink Attach(
        BpfProgram program,
        int attachType,
        bool isReturn,
        string path,
        ReadOnlySpan<ulong> offsets,
        ReadOnlySpan<ulong> cookies,
        int pid
    )
    {
        byte[] pathBytes = Encoding.UTF8.GetBytes(path + "\0");
        fixed (byte* pathAt = pathBytes)
        fixed (ulong* offsetsAt = offsets)
        fixed (ulong* cookiesAt = cookies)
        {
            var attributes = new Attributes
            {
                ProgramFd = program.Fd,
                AttachType = (uint)attachType,
                Path = (ulong)pathAt,
                Offsets = (ulong)offsetsAt,
                Cookies = (ulong)cookiesAt,
                Count = (uint)offsets.Length,
                MultiFlags = isReturn ? ReturnFlag : 0,
                Pid = (uint)FilterPid(KernelVersion.Current, pid),
            };
            int fd = Libc.Bpf(LinkCreate, &attributes, sizeof(Attributes));
            return fd >= 0
                ? BpfLink.FromDescriptor(fd)
                : throw BpfException.FromErrno($"probe {offsets.Length} functions of {path}", -fd);
        }
    }
}
