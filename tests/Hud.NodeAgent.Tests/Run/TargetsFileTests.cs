using System.Text;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>The list is written by whoever may write the file: a volume of the cluster, or an attacker in its place.</summary>
public sealed class TargetsFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hud-list");
    private readonly List<Diagnostic> _warnings = [];
    private readonly TargetsFile _file;

    public TargetsFileTests() =>
        _file = new TargetsFile(PathOf("targets"), [new AgentTarget { Pid = 5 }], _warnings.Add);

    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private void Write(string text) => File.WriteAllText(PathOf("targets"), text);

    private int?[] Pids() => [.. _file.Look(0).Select(t => t.Spec.Pid)];

    [Fact]
    public void It_is_read_again_when_it_changes()
    {
        Write("[{\"pid\":1}]");
        Assert.Equal([1], Pids());
        Write("[{\"pid\":1},{\"pid\":2}]");
        Assert.Equal([1, 2], Pids());
        Write("[]");
        Assert.Empty(Pids());
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_volume_of_the_cluster_is_swapped_by_a_link()
    {
        foreach (string version in new[] { "1", "2" })
        {
            Directory.CreateDirectory(PathOf($"..{version}"));
            File.WriteAllText(
                PathOf($"..{version}/targets"),
                $"[{{\"containerId\":\"c{version}\",\"podUid\":\"u\",\"pod\":\"p\",\"container\":\"c\"}}]"
            );
        }

        File.CreateSymbolicLink(PathOf("..data"), "..1");
        File.CreateSymbolicLink(PathOf("targets"), "..data/targets");
        Assert.Equal("c1", Assert.Single(_file.Look(0)).Spec.ContainerId);
        File.Delete(PathOf("..data"));
        File.CreateSymbolicLink(PathOf("..data"), "..2");
        Assert.Equal("c2", Assert.Single(_file.Look(1)).Spec.ContainerId);
    }

    [Fact]
    public void Until_there_is_one_the_list_of_the_task_holds()
    {
        Assert.Equal([5], Pids());
        Assert.Equal(DiagnosticKinds.BadTargetList, Assert.Single(_warnings).Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[{\"pid\":1}")]
    [InlineData("[null]")]
    [InlineData("[{}]")]
    [InlineData("[{\"pid\":-1}]")]
    [InlineData("[{\"pid\":99999999999}]")]
    [InlineData("[{\"pid\":\"1\"}]")]
    [InlineData("[{\"containerId\":\"\"}]")]
    [InlineData("[[[[[[[[[[[[")]
    [InlineData("\u0000\u0001")]
    public void What_is_no_list_leaves_the_last_one_and_is_told_once(string text)
    {
        Write("[{\"pid\":3}]");
        Assert.Equal([3], Pids());
        Write(text);
        Assert.Equal([3], Pids());
        Write(text + " ");
        Assert.Equal([3], Pids());
        Assert.Single(_warnings);
        Write("[{\"pid\":4}]");
        Assert.Equal([4], Pids());
    }

    [Fact]
    public void What_is_no_list_after_a_good_one_is_told_again_some_times()
    {
        for (int i = 0; i < 3; i++)
        {
            Write("[{\"pid\":3}]");
            Assert.Equal([3], Pids());
            Assert.Equal(i, _warnings.Count);
            if (i == 1)
                File.Delete(PathOf("targets")); // and comes back as it was
            else
                Write("[");
            Assert.Equal([3], Pids());
            Assert.Equal([3], Pids());
            Assert.Equal(i + 1, _warnings.Count);
        }

        for (int i = 0; i < 100; i++)
        {
            Write(i % 2 == 0 ? "[]" : "[");
            Pids();
        }

        Assert.Equal(10, _warnings.Count);
    }

    [Fact]
    public void A_file_of_300_KiB_is_not_read()
    {
        Write("[{\"pid\":3}]");
        Pids();
        Write($"[{new string(' ', 300 * 1024)}]");
        Assert.Equal([3], Pids());
        Assert.Contains("are the most", Assert.Single(_warnings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ten_thousand_a_thousand_are_looked_at_and_doubles_are_one()
    {
        Write($"[{string.Join(',', Enumerable.Range(1, 10_000).Select(pid => $"{{\"pid\":{pid}}}"))}]");
        Assert.Equal(TargetsFile.MaxTargets, Pids().Length);
        Assert.Equal(DiagnosticKinds.TooManyTargets, Assert.Single(_warnings).Kind);
        Write($"[{string.Join(',', Enumerable.Repeat("{\"pid\":8}", 10_000))}]");
        Assert.Equal([8], Pids());
    }

    [Fact]
    public void A_text_beyond_all_measure_is_refused()
    {
        Write($"[{{\"containerId\":\"{new string('c', 1000)}\"}}]");
        Assert.Equal([5], Pids());
        Assert.Single(_warnings);
    }

    [Fact]
    public void A_pipe_in_its_place_does_not_hold_the_agent()
    {
        using (var made = System.Diagnostics.Process.Start("mkfifo", PathOf("targets")))
            made.WaitForExit();
        Assert.Equal([5], Pids());
        Assert.Single(_warnings);
    }

    [Fact]
    public void A_broken_sequence_of_bytes_is_no_list()
    {
        File.WriteAllBytes(
            PathOf("targets"),
            [.. Encoding.ASCII.GetBytes("[{\"containerId\":\""), 0xff, 0xfe, .. "\"}]"u8]
        );
        Assert.Equal([5], Pids());
    }
}
