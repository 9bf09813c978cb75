"""What record.cc wrote down, and what a disk could hold of it had the power gone at some moment.

Of a file there is what stood in it when its last sync began; each later 4 KiB page is as it was at a moment of its
own since then, and so is the file's length. A name that came, went or changed is certain once its folder was synced
afterwards, else kept or lost by chance, whatever became of others: that is all that POSIX promises. Renames are
done or not done, never half.
"""

import struct
from pathlib import Path

HEAD = struct.Struct("<BBHIQQQq")
PAGE = 4096
WRITE, CUT, CREATE, FOLDER, RENAME, LINK, UNLINK, REMOVE, SYNC, SYNCED = (ord(c) for c in "WTCDRLUXSE")
NAMING = {CREATE, FOLDER, RENAME, LINK, UNLINK, REMOVE}


class Operation:
    __slots__ = ("kind", "when", "inode", "at", "path", "source", "bytes")

    def __init__(self, kind, when, inode, at, path, source, data):
        self.kind, self.when, self.inode, self.at = kind, when, inode, at
        self.path, self.source, self.bytes = path, source, data


def read(file):
    """The operations in order; a last one that is not whole is left out."""
    data = memoryview(Path(file).read_bytes())
    operations, at = [], 0
    while at + HEAD.size <= len(data):
        kind, _, first, second, size, when, inode, number = HEAD.unpack_from(data, at)
        at += HEAD.size
        if at + first + second + size > len(data):
            break
        path, source = bytes(data[at:at + first]).decode(), bytes(data[at + first:at + first + second]).decode()
        at += first + second
        operations.append(Operation(kind, when / 1e9, inode, number, path, source, data[at:at + size]))
        at += size
    return operations


def apply(content, operation):
    """A write or a cut, to the end of it."""
    if operation.kind == CUT:
        if operation.at < len(content):
            del content[operation.at:]
        content.extend(bytes(operation.at - len(content)))
        return
    if operation.at > len(content):
        content.extend(bytes(operation.at - len(content)))
    content[operation.at:operation.at + len(operation.bytes)] = operation.bytes


class File:
    """One file's bytes: those that are certain, and what was done to them since."""

    def __init__(self, mode):
        self.mode = mode
        self.certain = bytearray()
        self.since = []
        self.syncs = {}  # number of a sync that runs: how many of `since` it covers

    def synced(self, number):
        covered = self.syncs.pop(number, 0)
        for operation in self.since[:covered]:
            apply(self.certain, operation)
        del self.since[:covered]
        self.syncs = {n: max(0, c - covered) for n, c in self.syncs.items()}

    def now(self):
        content = bytearray(self.certain)
        for operation in self.since:
            apply(content, operation)
        return content

    def after_power_loss(self, rng, mood):
        content = bytearray(self.certain)
        since = list(self.since)
        # Cutting is a change of the file's description: it is there with all before it, or nothing after it is.
        for i in range(len(since) - 1, -1, -1):
            if since[i].kind == CUT:
                if mood.kept(rng):
                    for operation in since[:i + 1]:
                        apply(content, operation)
                    since = since[i + 1:]
                    break
                since = since[:i]
        if not since:
            return content
        lengths, pages = [len(content)], {}
        for operation in since:
            end = operation.at + len(operation.bytes)
            lengths.append(max(lengths[-1], end))
            for page in range(operation.at // PAGE, -(-end // PAGE)):
                pages.setdefault(page, []).append(operation)
        length = lengths[mood.moment(rng, len(since))]
        content.extend(bytes(lengths[-1] - len(content)))
        for page, writes in sorted(pages.items()):
            begin, end = page * PAGE, (page + 1) * PAGE
            for operation in writes[:mood.moment(rng, len(writes))]:
                low, high = max(begin, operation.at), min(end, operation.at + len(operation.bytes))
                content[low:high] = operation.bytes[low - operation.at:high - operation.at]
        del content[length:]
        return content


class Mood:
    """How much of what was not synced a disk happened to write: nothing, everything, or by the coin."""

    def __init__(self, rng):
        self.part = rng.choice((0.0, 1.0, None, None))

    def kept(self, rng):
        return rng.random() < (0.5 if self.part is None else self.part)

    def moment(self, rng, last):
        return rng.randint(0, last) if self.part is None else int(self.part * last)


def folder_of(path):
    return path.rpartition("/")[0]


class Name:
    """A change of names, and whether it is certain."""

    __slots__ = ("operation", "thing", "folders", "certain")

    def __init__(self, operation, thing):
        self.operation, self.thing = operation, thing
        self.folders = {folder_of(operation.path)} | ({folder_of(operation.source)} if operation.source else set())
        self.certain = False


class Disk:
    """Goes through the operations one by one."""

    def __init__(self, root):
        self.root = str(root)
        self.files = {}  # by inode, which may be given to another file later
        self.names = []
        self.uncertain = []  # those of `names` that wait for a sync
        self.folder_syncs = {}

    def take(self, operation):
        kind = operation.kind
        if kind in NAMING:
            if kind == CREATE:
                self.files[operation.inode] = File(operation.at)
            if kind != CREATE or operation.path:  # else without a name
                thing = None if kind in (FOLDER, REMOVE) else self.files.get(operation.inode)
                self.names.append(Name(operation, thing))
                self.uncertain.append(self.names[-1])
        elif kind == SYNC and operation.path:
            self.folder_syncs[operation.at] = [n for n in self.uncertain if operation.path in n.folders]
        elif kind == SYNCED and operation.at in self.folder_syncs:
            for name in self.folder_syncs.pop(operation.at):
                name.certain = True
            self.uncertain = [n for n in self.uncertain if not n.certain]
        elif operation.inode in self.files:
            file = self.files[operation.inode]
            if kind == SYNC:
                file.syncs[operation.at] = len(file.since)
            elif kind == SYNCED:
                file.synced(operation.at)
            else:
                file.since.append(operation)

    def _tree(self, kept):
        """Path to file (None: a folder) of what can be reached from the root's parent."""
        tree = {folder_of(self.root): None}
        for name in self.names:
            if not (name.certain or kept()):
                continue
            operation = name.operation
            if operation.kind in (UNLINK, REMOVE):
                tree.pop(operation.path, None)
                continue
            if operation.kind == RENAME and tree.get(operation.source) is name.thing:
                tree.pop(operation.source, None)
            tree[operation.path] = name.thing
        return {path: thing for path, thing in tree.items() if self._reached(tree, path)}

    def _reached(self, tree, path):
        above = folder_of(self.root)
        while path != above:
            path = folder_of(path)
            if path not in tree or tree[path] is not None:
                return False
        return True

    def now(self):
        return self._tree(lambda: True)

    def after_power_loss(self, rng, place):
        """Writes under `place` what the disk could hold."""
        mood = Mood(rng)
        for path, thing in sorted(self._tree(lambda: mood.kept(rng)).items()):
            target = Path(str(place) + path.removeprefix(self.root)) if path.startswith(self.root) else None
            if not target:
                continue
            if thing is None:
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.write_bytes(thing.after_power_loss(rng, mood))
                target.chmod(thing.mode)
