using System.Text;
using Hud.Cli.Cockpit;
using Hud.Reports.Text;
using ColorSystemSupport = Spectre.Console.ColorSystemSupport;

namespace Hud.Cli.Tests.Cockpit;

public class KeysTests
{
    private static readonly LiveModel Model = Models.Checkout();

    [Fact]
    public void Down_and_up_choose_a_hotspot_and_stop_at_the_ends()
    {
        var rows = Rows(new UiState());
        var ui = Press(new UiState(), "jj");
        Assert.Equal(rows[2].Key, ui.Selected);
        Assert.Equal(rows[0].Key, Press(ui, "kkkkk").Selected);
        Assert.Equal(rows[^1].Key, Press(ui, ConsoleKey.End).Selected);
        Assert.Equal(rows[0].Key, Press(ui, ConsoleKey.Home).Selected);
        Assert.Equal(rows[1].Key, Press(ui, ConsoleKey.UpArrow).Selected);
    }

    [Fact]
    public void The_selection_stays_on_its_hotspot_when_the_order_changes()
    {
        var ui = Press(new UiState(), "j");
        string selected = ui.Selected;

        ui = Press(ui, "s");

        Assert.Equal(SortBy.Count, ui.Sort);
        Assert.Equal(selected, Keys.Current(ui, Rows(ui))!.Key);
    }

    [Fact]
    public void G_groups_and_the_sums_stay()
    {
        var plain = Rows(new UiState());
        var ui = Press(new UiState(), "gg");
        Assert.Equal(GroupBy.File, ui.Group);
        var groups = Rows(ui);

        Assert.Equal(plain.Sum(r => r.TotalNs), groups.Sum(r => r.TotalNs));
        Assert.Equal(plain.Count, groups.Sum(r => r.Members));
        Assert.Equal(groups[1].Key, Press(ui, "j").Selected);
        Assert.Equal(GroupBy.None, Press(ui, "gg").Group);
    }

    [Fact]
    public void C_clears_search_and_groups()
    {
        var ui = Press(new UiState { Search = "lock", Group = GroupBy.Task }, "c");

        Assert.Equal(("", GroupBy.None), (ui.Search, ui.Group));
    }

    [Fact]
    public void Y_copies_the_line_and_capital_Y_the_function()
    {
        var rows = Rows(new UiState());

        Assert.Equal("src/login.rs:42", Keys.CopyText(new UiState(), rows, UiAction.CopyPlace));
        Assert.Equal("checkout::login", Keys.CopyText(new UiState(), rows, UiAction.CopyFunction));
    }

    [Fact]
    public void What_is_copied_goes_to_the_terminal_as_its_clipboard()
    {
        using var output = new MemoryStream();
        using (var writer = new ScreenWriter(output, ColorSystemSupport.NoColors))
            writer.Copy("src/löschen.rs:42");

        // base64 of the UTF-8 text
        Assert.Contains(
            "\x1b]52;c;c3JjL2zDtnNjaGVuLnJzOjQy\a",
            Encoding.UTF8.GetString(output.ToArray()),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_notice_gives_the_keys_back_after_three_seconds()
    {
        var ui = new UiState().Say("wrote it", nowMs: 1000);

        Assert.Equal("wrote it", ui.At(3999).Notice);
        Assert.Equal("", ui.At(4000).Notice);
    }

    [Fact]
    public void A_key_after_the_end_of_the_cockpit_does_nothing()
    {
        bool quit = false;
        var view = new CockpitView(new UiState(), "checkout 4242", _ => "") { Quit = () => quit = true };
        view.Dispose();
        view.Dispose();

        view.Press(new ConsoleKeyInfo('q', ConsoleKey.Q, shift: false, alt: false, control: false));
        view.Show(new Core.Stream.ProgressMessage());
        view.Stopping();

        Assert.False(quit);
    }

    [Fact]
    public void X_asks_for_the_past_and_e_for_what_is_known_now()
    {
        var rows = Rows(new UiState());
        Assert.Equal(UiAction.LookBack, Keys.Press(new UiState(), Key('x'), rows).Action);
        Assert.Equal(UiAction.Export, Keys.Press(new UiState(), Key('e'), rows).Action);
        Assert.Equal(UiAction.None, Keys.Press(new UiState { Typing = true }, Key('x'), rows).Action);
        Assert.Equal(UiAction.None, Keys.Press(new UiState { Help = true }, Key('x'), rows).Action);

        static ConsoleKeyInfo Key(char c) => new(c, ConsoleKey.None, shift: false, alt: false, control: false);
    }

    [Theory]
    [InlineData(true, 80, true)]
    [InlineData(true, 45, true)]
    [InlineData(false, 200, false)]
    public void The_key_for_the_past_stands_where_a_past_is_kept(bool kept, int width, bool expected) =>
        Assert.Equal(expected, FooterKeys.Fitting(new UiState { LooksBack = kept }, width).Any(k => k.Key == "x"));

    [Fact]
    public void Enter_opens_the_details_and_escape_closes_them()
    {
        var ui = Press(new UiState(), ConsoleKey.Enter);
        Assert.True(ui.Detail);
        Assert.Equal(3, Press(ui, "jjj").Scroll);
        Assert.False(Press(ui, ConsoleKey.Escape).Detail);
    }

    [Fact]
    public void A_search_is_typed_kept_and_left()
    {
        var ui = Press(Press(new UiState(), "/"), "quit");
        Assert.Equal(("quit", true), (ui.Search, ui.Typing));
        ui = Press(Press(ui, ConsoleKey.Backspace), ConsoleKey.Enter);
        Assert.Equal(("qui", false), (ui.Search, ui.Typing));
        Assert.Equal("", Press(ui, ConsoleKey.Escape).Search);
    }

    [Theory]
    [InlineData("MUTEX", "checkout::session::Cache::get")]
    [InlineData("getaddrinfo", "checkout::payments::resolve_gateway")]
    [InlineData("export.rs", "checkout::export::gzip_report")]
    public void A_search_finds_causes_stacks_and_files(string search, string function) =>
        Assert.Equal(function, Assert.Single(Rows(new UiState { Search = search })).Hotspot.UserFrame);

    [Fact]
    public void Tab_and_digits_change_the_panel()
    {
        Assert.Equal(Panel.Tasks, Press(new UiState(), ConsoleKey.Tab).Panel);
        Assert.Equal(Panel.Timeline, Press(new UiState(), "3").Panel);
        Assert.Equal(Panel.Hotspots, Press(new UiState { Panel = Panel.Warnings }, ConsoleKey.Tab).Panel);
    }

    [Fact]
    public void Below_the_timeline_a_hotspot_is_chosen_and_opened()
    {
        var rows = Rows(new UiState());
        var ui = Press(new UiState(), "3j");
        Assert.Equal(rows[1].Key, ui.Selected);
        Assert.True(Press(ui, ConsoleKey.Enter).Detail);
        Assert.Equal("", Press(new UiState(), "2j").Selected);
    }

    [Fact]
    public void W_walks_through_the_windows_and_comes_back()
    {
        var seconds = new List<double>();
        var ui = new UiState();
        for (int i = 0; i < 7; i++)
            seconds.Add((ui = Press(ui, "w")).Window.TotalSeconds);

        Assert.Equal([5, 10, 30, 60, 300, 0, 5], seconds);
    }

    [Fact]
    public void Q_ends_e_exports_p_pauses_and_help_goes_away_with_any_key()
    {
        Assert.Equal(UiAction.Quit, Keys.Press(new UiState(), Key('q'), []).Action);
        Assert.Equal(UiAction.Export, Keys.Press(new UiState(), Key('e'), []).Action);
        Assert.True(Press(new UiState(), "p").Paused);
        Assert.False(Press(new UiState(), "pp").Paused);
        Assert.True(Press(new UiState(), "?").Help);
        Assert.Equal(
            (false, UiAction.None),
            (
                Keys.Press(new UiState { Help = true }, Key('q'), []).State.Help,
                Keys.Press(new UiState { Help = true }, Key('q'), []).Action
            )
        );
    }

    [Fact]
    public void No_key_does_harm_when_there_is_nothing_to_choose()
    {
        foreach (var key in Enum.GetValues<ConsoleKey>())
            Assert.False(
                Keys.Press(new UiState(), new ConsoleKeyInfo('\0', key, false, false, false), []).State.Detail
            );
    }

    [Fact]
    public void A_window_counts_only_what_happened_in_it()
    {
        var all = Rows(new UiState()).ToDictionary(r => r.Key);
        var window = Rows(new UiState { Window = TimeSpan.FromSeconds(10) });

        Assert.All(window, row => Assert.InRange(row.Count, 1, all[row.Key].Count - 1));
        Assert.All(window, row => Assert.InRange(row.TotalNs, 1, all[row.Key].TotalNs - 1));
    }

    [Theory]
    [InlineData(
        "alloc::vec::push (library/alloc/src/vec/mod.rs:2104)",
        "alloc::vec::push",
        "library/alloc/src/vec/mod.rs:2104"
    )]
    [InlineData("read", "read", "")]
    [InlineData("map<fn(u8) -> u8>", "map<fn(u8) -> u8>", "")]
    [InlineData("call (closure)", "call (closure)", "")]
    public void Frames_are_read_from_their_text(string line, string function, string location) =>
        Assert.Equal((function, location), FrameText.Parse(line));

    [Theory]
    [InlineData("checkout::login", "checkout")]
    [InlineData("<checkout::Svc<T> as tower::Service>::call", "checkout")]
    [InlineData("<&mut dyn checkout::Svc as x::Y>::call", "checkout")]
    [InlineData("__read", "__read")]
    public void A_frames_crate_is_that_of_its_type(string function, string crate) =>
        Assert.Equal(crate, FrameText.Crate(function));

    private static IReadOnlyList<HotspotRow> Rows(UiState ui) => HotspotRows.Build(Model, ui);

    private static UiState Press(UiState ui, string keys) =>
        keys.Aggregate(ui, (state, c) => Keys.Press(state, Key(c), Rows(state)).State);

    private static UiState Press(UiState ui, ConsoleKey key) =>
        Keys.Press(ui, new ConsoleKeyInfo('\0', key, false, false, false), Rows(ui)).State;

    private static ConsoleKeyInfo Key(char c) => new(c, ConsoleKey.None, false, false, false);
}
