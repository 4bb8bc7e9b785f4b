using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Tests.Proc;

public sealed class CpuQuotaTests
{
    private static IEnumerable<string> Paths(int pid, string target, string init = "0::/init.scope\n") =>
        CgroupPaths.Of(pid, target, init, _ => []);

    [Fact]
    public void The_second_version_counts_in_microseconds() =>
        Assert.Equal(
            new CpuQuota(90_950_000, 3),
            CpuQuota.Parse(
                "usage_usec 1200\nuser_usec 1000\nsystem_usec 200\nnr_periods 12\nnr_throttled 3\nthrottled_usec 90950\nnr_bursts 0\nburst_usec 0\n"
            )
        );

    [Fact]
    public void The_first_version_counts_in_nanoseconds() =>
        Assert.Equal(
            new CpuQuota(90_950_123, 3),
            CpuQuota.Parse("nr_periods 12\nnr_throttled 3\nthrottled_time 90950123\n")
        );

    [Theory]
    [InlineData("")]
    [InlineData("usage_usec 12\n")]
    [InlineData("throttled_usec\nnr_throttled\n")]
    [InlineData("throttled_usec many\nnr_throttled -\n")]
    [InlineData("\0\0\0")]
    public void Without_a_limit_nothing_is_throttled(string text) => Assert.Equal(default, CpuQuota.Parse(text));

    [Fact]
    public void On_a_machine_the_cgroup_of_the_second_version_is_one_path() =>
        Assert.Equal(
            [
                "/sys/fs/cgroup/kubepods.slice/pod1/cpu.stat",
                "/sys/fs/cgroup/unified/kubepods.slice/pod1/cpu.stat",
                "/proc/1/root/sys/fs/cgroup/kubepods.slice/pod1/cpu.stat",
                "/proc/1/root/sys/fs/cgroup/unified/kubepods.slice/pod1/cpu.stat",
                "/proc/42/root/sys/fs/cgroup/cpu.stat",
                "/proc/42/root/sys/fs/cgroup/unified/cpu.stat",
            ],
            Paths(42, "0::/kubepods.slice/pod1\n")
        );

    [Fact]
    public void The_first_version_has_one_path_for_each_controller_and_its_unified_hierarchy_has_no_cpu() =>
        Assert.Equal(
            [
                "/sys/fs/cgroup/cpu,cpuacct/kubepods/pod1/cpu.stat",
                "/sys/fs/cgroup/cpu/kubepods/pod1/cpu.stat",
                "/proc/1/root/sys/fs/cgroup/cpu,cpuacct/kubepods/pod1/cpu.stat",
                "/proc/1/root/sys/fs/cgroup/cpu/kubepods/pod1/cpu.stat",
                "/proc/42/root/sys/fs/cgroup/cpu,cpuacct/cpu.stat",
                "/proc/42/root/sys/fs/cgroup/cpu/cpu.stat",
            ],
            Paths(42, "5:memory:/kubepods/pod1\n4:cpu,cpuacct:/kubepods/pod1\n1:name=systemd:/x\n0::/kubepods/pod1\n")
        );

    [Theory]
    [InlineData("0::/../../kubepods.slice/cri-containerd-1.scope\n", "")] // the reader is in a container with a cgroup namespace of its own
    [InlineData("0::/../..\n", "")]
    [InlineData("0::/\n", "")] // here the root is the reader's own cgroup
    [InlineData("1:cpu:/\n0::/\n", "/cpu")]
    [InlineData("1:cpu:/../x\n0::/x\n", "/cpu")]
    public void A_path_that_cannot_be_followed_is_the_root_of_the_targets_own_mount_and_never_of_ours(
        string text,
        string folder
    )
    {
        string[] paths = [.. Paths(42, text)];
        Assert.Equal($"/proc/42/root/sys/fs/cgroup{folder}/cpu.stat", paths[0]);
        Assert.All(paths, p => Assert.StartsWith("/proc/42/root/", p, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0::/../../pod1/c1\n", "0::/../../../../init.scope\n", "/kubepods/burstable/pod1/c1")]
    [InlineData("0::/../../../besteffort/pod1/c1\n", "0::/../../../../init.scope\n", "/kubepods/besteffort/pod1/c1")]
    [InlineData("0::/../../../../system.slice/c1\n", "0::/../../../../init.scope\n", "/system.slice/c1")]
    [InlineData("2:cpu:/../c1\n0::/x\n", "2:cpu:/../../..\n0::/\n", "/cpu/kubepods/burstable/c1")]
    [InlineData("0::/../../c1\n", "0::/..\n", null)] // the first process is no longer where it was
    [InlineData("0::/../../c1\n", "", null)]
    [InlineData("0::/../a/../c1\n", "0::/../../init.scope\n", null)]
    public void From_a_namespace_of_its_own_the_end_of_the_path_is_looked_for_where_the_two_part(
        string target,
        string init,
        string? found
    )
    {
        var asked = new List<string>();
        var paths = CgroupPaths
            .Of(
                42,
                target,
                init,
                folder =>
                {
                    asked.Add(folder);
                    int depth = folder.Split('/').Length - "/proc/1/root/sys/fs/cgroup".Split('/').Length;
                    string[][] levels =
                    [
                        ["system.slice", "kubepods"],
                        ["burstable", "besteffort"],
                        [],
                    ];
                    return levels[depth - (folder.Contains("/cpu", StringComparison.Ordinal) ? 1 : 0)];
                }
            )
            .ToList();
        Assert.EndsWith(
            "/proc/42/root/sys/fs/cgroup/" + (target[0] == '2' ? "cpu/" : "unified/") + "cpu.stat",
            paths[^1],
            StringComparison.Ordinal
        );
        if (found is null)
            Assert.Empty(asked);
        else
            Assert.Contains($"/proc/1/root/sys/fs/cgroup{found}/cpu.stat", paths);
        Assert.All(asked, f => Assert.StartsWith("/proc/1/root/sys/fs/cgroup", f, StringComparison.Ordinal));
    }

    [Fact]
    public void Two_dots_in_a_name_lead_nowhere_else() =>
        Assert.Equal("/sys/fs/cgroup/a..b/cpu.stat", Paths(42, "0::/a..b\n").First());

    [Theory]
    [InlineData("")]
    [InlineData("0:/")]
    [InlineData("0::")]
    [InlineData("nonsense")]
    [InlineData("3:cpuset:/a")]
    public void Without_a_cpu_controller_there_is_no_path(string text) => Assert.Empty(Paths(42, text));

    [Fact]
    public void Only_what_the_kernel_keeps_for_cgroups_is_read()
    {
        string folder = Directory.CreateTempSubdirectory("hud-cgroup-").FullName;
        try
        {
            string plain = Path.Combine(folder, "cpu.stat"),
                link = Path.Combine(folder, "link"),
                own = CpuQuota.FindFiles(Environment.ProcessId).FirstOrDefault() ?? "";
            File.WriteAllText(plain, "nr_throttled 3\nthrottled_usec 90950\n");
            Assert.False(CgroupFile.IsOne(plain));
            Assert.Equal([default], CpuQuota.Read([plain]));
            if (own.Length == 0)
                Assert.Skip("no cgroup filesystem is mounted here");
            Assert.NotEqual("", CgroupFile.ReadText(own));
            File.CreateSymbolicLink(link, own);
            Assert.Equal("", CgroupFile.ReadText(link));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Without_a_file_there_is_no_throttling()
    {
        Assert.Empty(CpuQuota.Read([]));
        Assert.Equal([default], CpuQuota.Read(["/nowhere/cpu.stat"]));
    }

    [Fact]
    public void The_cgroups_around_the_containers_count_as_well() =>
        Assert.Equal(
            [
                "/proc/1/root/sys/fs/cgroup/kubepods.slice/pod1/cpu.stat",
                "/proc/1/root/sys/fs/cgroup/kubepods.slice/cpu.stat",
                "/proc/1/root/sys/fs/cgroup/cpu.stat",
            ],
            CpuQuota.Around("/proc/1/root/sys/fs/cgroup/kubepods.slice/pod1/c1/cpu.stat")
        );

    [Fact]
    public void Above_the_mount_there_is_nothing() => Assert.Empty(CpuQuota.Around("/sys/fs/cgroup/cpu.stat"));

    [Fact]
    public void The_cgroup_that_was_held_back_most_speaks_for_all() =>
        Assert.Equal(
            new CpuQuota(3_260_000_000, 40),
            CpuQuota.Since(
                [default, new CpuQuota(1_000_000_000, 7), new CpuQuota(5, 1)],
                [default, new CpuQuota(4_260_000_000, 47), new CpuQuota(5, 1)]
            )
        );

    [Fact]
    public void Where_no_cgroup_is_seen_nothing_was_throttled() => Assert.Equal(default, CpuQuota.Since([], []));
}
