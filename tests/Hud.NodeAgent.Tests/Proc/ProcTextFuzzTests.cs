using System.Text;
using Hud.NodeAgent.Proc;
using Hud.Tests.Support;

namespace Hud.NodeAgent.Tests.Proc;

/// <summary>A target chooses its name and, in its own namespaces, more of what /proc says about it.</summary>
public sealed class ProcTextFuzzTests
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public void A_damaged_stat_or_status_gives_no_process_or_a_plain_answer() =>
        Fuzz.Run(
            "proc stat",
            [
                Bytes("4242 (a b) c) S 1 4242 4242 0 -1 4194560 100 0 0 0 55 66 0 0 20 0 9 0 777 1000 200\n"),
                Bytes("Name:\tshop\nState:\tZ (zombie)\nSeccomp:\t2\nNSpid:\t42\t1\n"),
                Bytes("1023456 20400 17\n"),
            ],
            (bytes, _) =>
            {
                string text = Encoding.UTF8.GetString(bytes);
                if (ProcFs.TryParseStat(text, out long _, out long ticks))
                    Assert.True(ticks >= 0 && text.Contains(')', StringComparison.Ordinal));
                ProcFs.HasEnded(text);
                Assert.True(ProcFs.StateOf(text) is '?' || text.Contains(')', StringComparison.Ordinal));
                Assert.False(SchedStat.TryParse(text, out SchedStat _) && text.Contains('-', StringComparison.Ordinal));
                string field = ProcFs.StatusField(text, "Seccomp");
                Assert.DoesNotContain('\n', field);
                Assert.True(field.Length < text.Length || text.Length == 0);
            }
        );

    [Fact]
    public void A_damaged_cgroup_text_leads_to_cpu_stat_files_only_and_never_upwards() =>
        Fuzz.Run(
            "proc cgroup",
            [
                Bytes("4:cpu,cpuacct:/kubepods/burstable/podaa/bb\n1:name=systemd:/x\n"),
                Bytes("0::/../../kubepods.slice/cri-containerd-aa.scope\n"),
                Bytes("0::/kubepods.slice/x\n"),
            ],
            (bytes, _) =>
            {
                string text = Encoding.UTF8.GetString(bytes);
                foreach (string path in CgroupPaths.Of(4242, text, text + "\n0::/../../..", _ => ["kubepods.slice"]))
                {
                    Assert.EndsWith("/cpu.stat", path, StringComparison.Ordinal);
                    Assert.Matches("^(/proc/(1|4242)/root)?/sys/fs/cgroup", path);
                    Assert.DoesNotContain("..", path.Split('/'));
                }

                // a text that does not hold the container's whole id is of another container
                Assert.False(Containers.IsMember(text, Id, "aa-bb"));
            }
        );

    [Fact]
    public void A_damaged_cpu_stat_is_read_as_far_as_it_is_one() =>
        Fuzz.Run(
            "cpu.stat",
            [
                Bytes("usage_usec 1\nnr_periods 9\nnr_throttled 3\nthrottled_usec 90950\n"),
                Bytes("nr_periods 0\nnr_throttled 2\nthrottled_time 1234\n"),
            ],
            (bytes, _) =>
            {
                string text = Encoding.UTF8.GetString(bytes);
                var quota = CpuQuota.Parse(text);
                Assert.True(quota == default || text.Contains("throttled", StringComparison.Ordinal));
            }
        );

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
