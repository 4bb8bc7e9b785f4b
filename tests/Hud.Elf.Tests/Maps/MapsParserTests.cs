namespace Hud.Elf.Tests;

public sealed class MapsParserTests
{
    private const string Sample = """
        55d0a6a2f000-55d0a6a31000 r-xp 0002f000 fe:01 1311                       /app/my demo (deleted)
        7f0a8c000000-7f0a8c021000 rw-p 00000000 00:00 0 
        7ffc12300000-7ffc12321000 rw-p 00000000 00:00 0                          [stack]
        7ffc123f9000-7ffc123fb000 r-xp 00000000 00:00 0                          [vdso]
        7fffffffe000-7ffffffff000 --xp 00000000 00:00 0                          [uprobes]
        ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
        """;

    [Fact]
    public void Each_field_of_a_line_is_read()
    {
        var maps = MapsParser.Parse(Sample);

        Assert.Equal(0, maps.MalformedLines);
        Assert.False(maps.Truncated);
        Assert.Equal(
            new Mapping(
                0x55d0a6a2f000,
                0x55d0a6a31000,
                MappingPermissions.Read | MappingPermissions.Execute,
                0x2f000,
                0xfe,
                1,
                1311,
                "/app/my demo",
                true
            ),
            maps.Mappings[0]
        );
        Assert.Equal("", maps.Mappings[1].Path);
        Assert.True(maps.Mappings[3].IsVdso);
        Assert.True(maps.Mappings[4].IsUprobes);
        Assert.Equal("55d0a6a2f000-55d0a6a31000", maps.Mappings[0].MapFilesName);
    }

    [Fact]
    public void A_newline_in_a_path_comes_back()
    {
        var mapping = Assert.Single(MapsParser.Parse("1000-2000 r--s 00000000 08:01 5 /tmp/a\\012b").Mappings);
        Assert.Equal("/tmp/a\nb", mapping.Path);
        Assert.Equal(MappingPermissions.Read | MappingPermissions.Shared, mapping.Permissions);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("1000-2000")]
    [InlineData("2000-1000 r-xp 00000000 08:01 5 /x")]
    [InlineData("1000-2000 rwzp 00000000 08:01 5 /x")]
    [InlineData("1000-2000 r-xp 00000000 0801 5 /x")]
    [InlineData("11111111111111111-22222222222222222 r-xp 00000000 08:01 5 /x")]
    public void Lines_of_another_shape_are_counted(string line)
    {
        var maps = MapsParser.Parse("1000-2000 r-xp 00000000 08:01 5 /x\n" + line + "\n");
        Assert.Single(maps.Mappings);
        Assert.Equal(1, maps.MalformedLines);
    }

    [Fact]
    public void An_address_finds_its_mapping_and_a_gap_finds_none()
    {
        var space = new AddressSpaceMap(MapsParser.Parse(Sample).Mappings);

        Assert.True(space.TryFind(0x55d0a6a30fff, out var found));
        Assert.Equal("/app/my demo", found.Path);
        Assert.False(space.TryFind(0x55d0a6a31000, out _));
        Assert.False(space.TryFind(0, out _));
        Assert.True(space.TryFind(0xffffffffff600000, out found));
        Assert.Equal("[vsyscall]", found.Path);
        Assert.False(AddressSpaceMap.Empty.TryFind(1, out _));
    }

    [Fact]
    public void The_maps_of_this_process_are_understood_wholly()
    {
        var maps = MapsParser.Parse(File.ReadAllBytes("/proc/self/maps"));
        Assert.Equal(0, maps.MalformedLines);
        Assert.Contains(maps.Mappings, m => m.IsVdso);
    }
}
