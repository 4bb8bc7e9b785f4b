using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Tests;

public sealed class ContainersTests
{
    private const string Id = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";
    private const string Pod = "aec7783c-4768-4766-96e3-01681d933f01";

    [Theory]
    [InlineData(
        "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podaec7783c_4768_4766_96e3_01681d933f01.slice/cri-containerd-"
            + Id
            + ".scope"
    )]
    [InlineData("0::/kubepods/burstable/podaec7783c-4768-4766-96e3-01681d933f01/" + Id)]
    [InlineData("0::/../../kubepods-podaec7783c_4768_4766_96e3_01681d933f01.slice/crio-" + Id + ".scope")]
    [InlineData("9:name=systemd:/k8s.io/" + Id + "\n1:cpu:/k8s.io/" + Id)]
    [InlineData("4:cpu,cpuacct:/docker/" + Id)]
    [InlineData("0::/system.slice/docker-" + Id + ".scope/init.scope")]
    [InlineData(
        "3:cpu:/system.slice/containerd.service/kubepods-besteffort-podaec7783c_4768_4766_96e3_01681d933f01.slice:cri-containerd:"
            + Id
    )]
    [InlineData("0::/machine.slice/libpod-" + Id + ".scope/container")]
    public void Every_runtime_and_driver_is_recognised(string cgroup) =>
        Assert.Equal(
            (
                true,
                cgroup.Contains("podaec", StringComparison.Ordinal),
                cgroup.Contains("podaec", StringComparison.Ordinal)
            ),
            (Containers.IsMember(cgroup, Id, Pod), Containers.IsOfPod(cgroup, Pod), Containers.IsOfAnyPod(cgroup))
        );

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("0::/")]
    [InlineData(
        "0::/kubepods/burstable/podaec7783c-4768-4766-96e3-01681d933f01/0000cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    )]
    [InlineData("0::/kubepods.slice/crio-conmon-" + Id + ".scope")]
    [InlineData("0::/kubepods/burstable/pod00000000-4768-4766-96e3-01681d933f01/" + Id)]
    [InlineData(
        "0::/kubepods.slice/kubepods-pod00000000_4768_4766_96e3_01681d933f01.slice/cri-containerd-" + Id + ".scope"
    )]
    public void What_is_not_the_container_or_not_the_pod_is_not_taken(string cgroup) =>
        Assert.False(Containers.IsMember(cgroup, Id, Pod));

    [Fact]
    public void A_short_id_matches_nothing() => Assert.False(Containers.IsMember("0::/a", "a", ""));

    private static readonly ContainerProcess[] Two =
    [
        new(1, "tini", "tini"),
        new(7, "checkout-servic", "checkout-service"),
        new(9, "sidecar", "sidecar"),
    ];

    [Fact]
    public void The_only_process_that_is_not_a_wrapper_is_meant()
    {
        Assert.True(Containers.TryChoose(Two[..2], null, out var chosen, out _));
        Assert.Equal(7, chosen.Pid);
        Assert.True(Containers.TryChoose([new(1, "sh", "dash")], null, out chosen, out _));
        Assert.Equal(1, chosen.Pid);
    }

    [Fact]
    public void Several_processes_need_a_name_and_are_listed()
    {
        Assert.False(Containers.TryChoose(Two, null, out _, out string problem));
        Assert.Contains("checkout-servic (7), sidecar (9)", problem, StringComparison.Ordinal);
        Assert.True(Containers.TryChoose(Two, "checkout-service", out var chosen, out _));
        Assert.Equal(7, chosen.Pid);
        Assert.False(Containers.TryChoose(Two, "nope", out _, out problem));
        Assert.Contains("no process of the container is called nope", problem, StringComparison.Ordinal);
    }
}
