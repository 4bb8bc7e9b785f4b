using Hud.Core.Stream;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Whose name a report may give to whom had the CPU, and whose not.</summary>
public sealed class NeighboursTests
{
    private const string Mine = "aec7783c-4768-4766-96e3-01681d933f01";
    private const string Theirs = "11111111-4768-4766-96e3-01681d933f01";
    private const string Id = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";
    private const string OtherId = "0000cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";
    private const string Process = "Name:\tx\nState:\tR (running)\nPPid:\t900\nVmSize:\t  100 kB\n";
    private const string Kernel = "Name:\tx\nState:\tI (idle)\nPPid:\t2\n";

    private int _looked;

    private Neighbours Of(string cgroup, string status = Process) =>
        new(
            [
                new AgentTarget
                {
                    Pid = 7,
                    ContainerId = Id,
                    PodUid = Mine,
                },
            ],
            _ =>
            {
                _looked++;
                return cgroup;
            },
            _ => status
        );

    [Theory]
    [InlineData("0::/kubepods/burstable/pod" + Mine + "/" + Id)]
    [InlineData("0::/kubepods/burstable/pod" + Mine + "/" + OtherId)] // another container of the same pod
    [InlineData(
        "0::/kubepods.slice/kubepods-podaec7783c_4768_4766_96e3_01681d933f01.slice/cri-containerd-" + OtherId + ".scope"
    )]
    [InlineData("0::/../pod" + Mine + "/" + OtherId)] // as a private namespace shows it
    [InlineData("9:cpu:/k8s.io/" + Id)]
    public void Processes_of_the_own_pod_have_their_names(string cgroup) =>
        Assert.Equal(("redis", 12), Of(cgroup).Of(12, "redis"));

    [Theory]
    [InlineData("0::/kubepods/burstable/pod" + Theirs + "/" + OtherId, Neighbours.OtherPod)]
    [InlineData(
        "0::/kubepods.slice/kubepods-pod11111111_4768_4766_96e3_01681d933f01.slice/crio-" + OtherId + ".scope",
        Neighbours.OtherPod
    )]
    [InlineData("4:cpu:/kubepods/pod0123456789abcdef0123456789abcdef/" + OtherId, Neighbours.OtherPod)] // a static pod
    [InlineData("0::/system.slice/kubelet.service", Neighbours.OfTheNode)]
    [InlineData("9:cpu:/k8s.io/" + OtherId, Neighbours.OfTheNode)]
    [InlineData("0::/system.slice/podman.service", Neighbours.OfTheNode)]
    [InlineData("", Neighbours.OfTheNode)] // it is gone
    public void All_others_have_none_and_no_pid(string cgroup, string name) =>
        Assert.Equal((name, 0), Of(cgroup).Of(12, "secret"));

    [Fact]
    public void The_kernel_and_the_target_itself_are_named()
    {
        Assert.Equal(("kworker/1:2", 12), Of("0::/", Kernel).Of(12, "kworker/1:2"));
        Assert.Equal(("shop", 7), Of("0::/").Of(7, "shop"));
        Assert.Equal(("swapper/0", 0), Of("0::/").Of(0, "swapper/0"));
        // one that has ended has no memory any more, as a thread of the kernel has none
        Assert.Equal(Neighbours.OfTheNode, Of("0::/", Kernel.Replace("I (idle)", "Z (zombie)")).Of(12, "secret").Name);
        Assert.Equal(Neighbours.OfTheNode, Of("0::/", "").Of(12, "secret").Name);
    }

    [Fact]
    public void Each_is_looked_at_once()
    {
        var neighbours = Of("0::/");
        for (int i = 0; i < 5; i++)
            neighbours.Of(12, "secret");
        Assert.Equal(1, _looked);
        neighbours.Of(12, "another after an exec");
        Assert.Equal(2, _looked);
    }

    /// <summary>This machine's own /proc: the rules hold for what a kernel really writes.</summary>
    [Fact]
    public void A_real_thread_of_the_kernel_is_known_by_its_status()
    {
        var neighbours = new Neighbours(
            [],
            pid => ProcFs.ReadText($"/proc/{pid}/cgroup"),
            pid => ProcFs.ReadText($"/proc/{pid}/status")
        );
        Assert.Equal("kthreadd", neighbours.Of(2, "kthreadd").Name);
        Assert.Equal(0, neighbours.Of(Environment.ProcessId, "tests").Pid);
    }
}
