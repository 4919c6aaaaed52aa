"""Work in threads comes back in order, without taking more than there is room for."""

from threading import get_ident

import pytest

from feint.agents.errors import InputError
from feint.sim.ensembles.runner import BLOCK, Timing, blocks, check_threads, in_order, one_at_a_time


def test_blocks_begin_at_multiples_of_their_size_wherever_the_runs_begin():
    assert [*blocks(0, 5)] == [range(5)]
    found = [*blocks(BLOCK - 2, 2 * BLOCK + 1)]
    assert found == [range(BLOCK - 2, BLOCK), range(BLOCK, 2 * BLOCK), range(2 * BLOCK, 2 * BLOCK + 1)]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_no_more_items_are_under_way_than_there_is_memory_for(threads):
    taken = []

    def items():
        for i in range(50):
            taken.append(i)
            yield i

    for i, done in enumerate(in_order(lambda i: i * i, items(), threads=threads, ahead=4)):
        assert done == i * i
        assert len(taken) <= i + 4


def test_without_a_limit_all_items_are_taken():
    assert list(in_order(str, range(100), threads=2)) == [str(i) for i in range(100)]


def test_one_thread_is_the_calling_one():
    assert set(in_order(lambda _: get_ident(), range(3), threads=1)) == {get_ident()}
    assert get_ident() not in set(in_order(lambda _: get_ident(), range(3), threads=2))


def test_an_error_in_a_thread_is_raised_and_what_waits_is_not_done():
    done = []

    def work(i):
        if i == 0:
            raise RuntimeError("no")
        done.append(i)

    with pytest.raises(RuntimeError, match="no"):
        list(in_order(work, range(10_000), threads=2))
    assert len(done) < 10_000


def test_progress_is_passed_on_and_may_be_left_out():
    amounts = []
    report = one_at_a_time(amounts.append)
    list(in_order(report, [1, 2, 3], threads=2))
    assert sorted(amounts) == [1, 2, 3]
    assert one_at_a_time(None)(1) is None


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2"])
def test_a_number_of_threads_that_cannot_be_is_refused(threads):
    with pytest.raises(InputError, match=r"threads = .* is not valid: it must be a whole number of at least 1"):
        check_threads(threads)


def test_timings_add_up():
    one = Timing(run_steps=3, lane_steps=4, seconds=1.0, threads=2)
    assert one + one == Timing(run_steps=6, lane_steps=8, seconds=2.0, threads=2)
    assert (one.occupancy, str(one)) == (0.75, "3 SGD steps in 1.00 s on 2 threads")
