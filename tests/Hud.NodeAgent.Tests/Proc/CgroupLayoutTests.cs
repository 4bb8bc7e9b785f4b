using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Tests.Proc;

/// <summary>
/// What the kernel shows of a container's cgroup, to the machine and to an agent that has a cgroup namespace of its own: recorded by
/// tests/kernels/cgroups.sh on cgroup v2 below systemd.
/// </summary>
public sealed class CgroupLayoutTests
{
    private const string Id = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";
    private const string AgentId = "9c1185a5c5e9fc54612808977ee8f548b2258d31d5f1c1a3e2f7a4b6c8d0e1f2";
    private const string Pod = "aec7783c-4768-4766-96e3-01681d933f01";

    public static TheoryData<string> Layouts() =>
        [
            .. Directory
                .GetFiles(Path.Combine(AppContext.BaseDirectory, "Recordings", "cgroups"), "*.txt")
                .Select(f => Path.GetFileNameWithoutExtension(f))
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void The_container_is_recognised_from_the_machine_and_from_an_agent_and_the_agent_is_not_taken_for_it(
        string layout
    )
    {
        var recording = Recording.Read(layout);
        var (id, pod, agentId) = recording.Ids;
        foreach (string view in (string[])["target-cgroup-host", "target-cgroup-agent"])
            Assert.True(Containers.IsMember(recording.Text(view), id, pod), view);
        Assert.False(Containers.IsMember(recording.Text("own-cgroup-agent"), id, pod));
        Assert.False(Containers.IsMember(recording.Text("init-cgroup-agent"), id, pod));
        Assert.False(Containers.IsMember(recording.Text("target-cgroup-agent"), agentId, ""));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void The_quota_that_throttles_the_container_is_found_by_an_agent(string layout)
    {
        var recording = Recording.Read(layout);
        string file = CgroupPaths
            .Of(
                recording.Pid,
                recording.Text("target-cgroup-agent"),
                recording.Text("init-cgroup-agent"),
                recording.Folders
            )
            .First(recording.Files.ContainsKey);
        // in the machine's own view, as a limit of the pod is counted in the folder around it alone
        Assert.Equal(recording.PathOf("init-root"), file);
        // the target ran on between the two readings
        CpuQuota before = CpuQuota.Parse(recording.Text("machine-mount")),
            found = CpuQuota.Parse(recording.Files[file]);
        Assert.InRange(before.ThrottledNs, 1_000_000, long.MaxValue);
        Assert.True(found.Periods >= before.Periods && found.ThrottledNs >= before.ThrottledNs, file);
        Assert.NotEqual(recording.Text("own-root"), recording.Files[file]);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void On_the_machine_itself_the_quota_is_found_by_the_path(string layout)
    {
        var recording = Recording.Read(layout);
        string first = CgroupPaths
            .Of(recording.Pid, recording.Text("target-cgroup-host"), "0::/init.scope\n", _ => [])
            .First();
        Assert.Equal(recording.PathOf("machine-mount"), first);
    }

    /// <summary>Sections begin with "-- NAME PATH"; a file that was not there has the text "(none)".</summary>
    private sealed record Recording(IReadOnlyList<(string Name, string Path, string Text)> Sections)
    {
        public static Recording Read(string layout)
        {
            var sections = new List<(string, string, string)>();
            string path = Path.Combine(AppContext.BaseDirectory, "Recordings", "cgroups", layout + ".txt");
            foreach (string part in File.ReadAllText(path).Split("-- ").Skip(1))
            {
                int end = part.IndexOf('\n', StringComparison.Ordinal);
                string[] head = part[..end].Split(' ');
                if (part[(end + 1)..] != "(none)\n")
                    sections.Add((head[0], head[1], part[(end + 1)..]));
            }

            return new Recording(sections);
        }

        public string Text(string name) => Sections.Single(s => s.Name == name).Text;

        /// <summary>A kubelet and containerd choose their own, and are then recorded.</summary>
        public (string Container, string Pod, string Agent) Ids =>
            Sections.FirstOrDefault(s => s.Name == "ids").Text?.Trim().Split(' ') is [var container, var pod, var agent]
                ? (container, pod, agent)
                : (Id, Pod, AgentId);

        public string PathOf(string name) => Sections.Single(s => s.Name == name).Path;

        /// <summary>The process's number on the machine, which the agent shares.</summary>
        public int Pid => int.Parse(PathOf("target-cgroup-agent").Split('/')[2]);

        /// <summary>Of the machine's view only the way to the target was recorded.</summary>
        public IEnumerable<string> Folders(string folder) =>
            PathOf("init-root").StartsWith(folder + "/", StringComparison.Ordinal)
                ? [PathOf("init-root")[(folder.Length + 1)..].Split('/')[0]]
                : [];

        /// <summary>What an agent can read, by path.</summary>
        public IReadOnlyDictionary<string, string> Files =>
            Sections
                .Where(s => s.Name is "own-root" or "target-root" or "init-root")
                .ToDictionary(s => s.Path, s => s.Text);
    }
}
