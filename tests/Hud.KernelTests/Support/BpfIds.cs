using System.Runtime.InteropServices;
using Hud.NodeAgent.Interop;

namespace Hud.KernelTests.Support;

/// <summary>
/// The BPF links, programs and maps that a process holds, by the kernel's ids (fdinfo), and whether they still exist. Others on
/// this machine may use BPF too, perhaps Hud itself: only what this process held is looked at.
/// </summary>
internal sealed unsafe class BpfIds
{
    private const int ProgramById = 13;
    private const int MapById = 14;
    private const int LinkById = 30;

    [StructLayout(LayoutKind.Sequential)]
    private struct ById
    {
        public uint Id;
        public uint Next;
        public uint Flags;
    }

    private readonly HashSet<uint> _links = [];
    private readonly HashSet<uint> _programs = [];
    private readonly HashSet<uint> _maps = [];

    public int Links => _links.Count;

    public int Programs => _programs.Count;

    public int Maps => _maps.Count;

    public static BpfIds Of(int pid)
    {
        var ids = new BpfIds();
        foreach (string file in Directory.GetFiles($"/proc/{pid}/fdinfo"))
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(file);
            }
            catch (IOException)
            {
                continue; // closed since the listing
            }

            foreach (string line in lines)
            {
                string[] words = line.Split(':', 2, StringSplitOptions.TrimEntries);
                var set = words[0] switch
                {
                    "link_id" => ids._links,
                    "prog_id" => ids._programs,
                    "map_id" => ids._maps,
                    _ => null,
                };
                if (set is not null && uint.TryParse(words[^1], out uint id))
                    set.Add(id);
            }
        }

        return ids;
    }

    /// <summary>What is still there, as text.</summary>
    public string Alive() =>
        string.Join(
            ' ',
            _links
                .Where(i => Exists(LinkById, i))
                .Select(i => $"link {i}")
                .Concat(_programs.Where(i => Exists(ProgramById, i)).Select(i => $"program {i}"))
                .Concat(_maps.Where(i => Exists(MapById, i)).Select(i => $"map {i}"))
        );

    /// <summary>The kernel frees in the background, so this waits.</summary>
    public void AreGone()
    {
        string left = "";
        Need.Until(() => (left = Alive()).Length == 0, "everything is detached and freed");
        Assert.Equal("", left);
    }

    private static bool Exists(int command, uint id)
    {
        var attributes = new ById { Id = id };
        int fd = Libc.Bpf(command, &attributes, sizeof(ById));
        if (fd < 0)
            return false;
        _ = Libc.close(fd);
        return true;
    }
}
