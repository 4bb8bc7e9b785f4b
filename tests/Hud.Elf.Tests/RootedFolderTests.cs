using System.Diagnostics;

namespace Hud.Elf.Tests;

/// <summary>Who writes the paths and the folders below a target's root is the target.</summary>
public sealed class RootedFolderTests : IDisposable
{
    private readonly string _outside = Directory.CreateTempSubdirectory("hud-outside-").FullName;
    private readonly string _root = Directory.CreateTempSubdirectory("hud-root-").FullName;

    public RootedFolderTests()
    {
        File.WriteAllText(Path.Combine(_outside, "secret"), "outside");
        Directory.CreateDirectory(Path.Combine(_root, "usr", "lib"));
        File.WriteAllText(Path.Combine(_root, "usr", "lib", "file"), "inside");
    }

    private string? Read(string path)
    {
        using var root = RootedFolder.TryOpen(_root)!;
        if (!root.TryOpen(path, out var source, out string error))
        {
            Assert.NotEmpty(error);
            return null;
        }

        using (source)
        {
            byte[] bytes = new byte[source.Length];
            Assert.True(source.TryReadExactly(0, bytes));
            return System.Text.Encoding.UTF8.GetString(bytes);
        }
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(_root, name), target);

    [Theory]
    [InlineData("/usr/lib/file")]
    [InlineData("usr/lib/file")]
    [InlineData("//usr/./lib/../lib/file")]
    [InlineData("/../../../usr/lib/file")]
    public void A_path_is_walked_below_the_root(string path) => Assert.Equal("inside", Read(path));

    [Fact]
    public void Links_lead_where_they_lead_for_the_target()
    {
        Link("absolute", "/usr/lib/file");
        Link("relative", "usr/lib/../lib/file");
        Link("folder", "/usr");
        foreach (string path in (string[])["/absolute", "/relative", "/folder/lib/file"])
            Assert.Equal((path, "inside"), (path, Read(path)));
    }

    [Fact]
    public void No_link_leads_out()
    {
        Link("absolute", Path.Combine(_outside, "secret"));
        Link("climbing", $"../../../../../../../..{_outside}/secret");
        Link("loop", "loop");
        // a link of /proc leads anywhere at all: here it is the text that counts, which means nothing below this root
        Link("magic", $"/proc/{Environment.ProcessId}/root{_outside}/secret");
        foreach (string path in (string[])["/absolute", "/climbing", "/loop", "/magic"])
            Assert.Null(Read(path));
    }

    [Fact]
    public void The_links_of_proc_are_not_followed()
    {
        using var root = RootedFolder.TryOpen("/proc/self")!;
        Assert.True(File.Exists("/proc/self/exe"));
        // the text is a path of the machine, and below /proc/self there is none such
        Assert.False(root.TryOpen("exe", out _, out _));
        Assert.False(root.TryOpen("root/etc/passwd", out _, out _));
    }

    [Fact]
    public async Task A_fifo_or_a_folder_or_a_device_is_refused_without_waiting()
    {
        string fifo = Path.Combine(_root, "fifo");
        using (var make = Process.Start("mkfifo", [fifo]))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        Link("to-fifo", "fifo");
        // a FIFO that is waited for fails here with a timeout
        await Task.Run(
                () =>
                {
                    Assert.Null(Read("/fifo"));
                    Assert.Null(Read("/to-fifo"));
                    Assert.Null(Read("/usr"));
                    Assert.False(FileByteSource.TryOpen(fifo, out _, out string error));
                    Assert.Equal("not a regular file", error);
                    Assert.False(FileByteSource.TryOpen("/dev/zero", out _, out _));
                },
                TestContext.Current.CancellationToken
            )
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        Directory.Delete(_outside, recursive: true);
        Directory.Delete(_root, recursive: true);
    }
}
