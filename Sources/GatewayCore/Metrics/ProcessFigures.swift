// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// What the operating system tells about this process, under the usual Prometheus names.
enum ProcessFigures {
    /// Appends the families `process_*`.
    static func write(into text: inout MetricsText) {
        if let seconds = processorSeconds() {
            gauge("process_cpu_seconds_total", "Processor time used, in seconds.", "\(seconds)", .counter, into: &text)
        }
        if let octets = residentOctets() {
            gauge("process_resident_memory_bytes", "Memory in use.", "\(octets)", .gauge, into: &text)
        }
        gauge(
            "process_start_time_seconds",
            "When the process began, in seconds since 1970.",
            "\(start)",
            .gauge,
            into: &text
        )
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 {
            gauge("process_max_fds", "File descriptors that may be open.", "\(limit.rlim_cur)", .gauge, into: &text)
        }
        if let count = openDescriptors() {
            gauge("process_open_fds", "Open file descriptors.", "\(count)", .gauge, into: &text)
        }
    }

    /// When somebody asked first, less the time that the process had lived by then.
    private static let start: Double = {
        var (now, lived) = (timespec(), timespec())
        clock_gettime(CLOCK_REALTIME, &now)
        clock_gettime(CLOCK_BOOTTIME, &lived)
        let boot = seconds(now) - seconds(lived)
        return boot + (startTicks() ?? 0) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }()

    private static func seconds(_ time: timespec) -> Double { Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 }

    /// Clock ticks from the start of the machine to that of the process: the 22nd field of /proc/self/stat, the 20th after
    /// the name of the program in brackets.
    private static func startTicks() -> Double? {
        guard let line = firstLine(of: "/proc/self/stat"), let close = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: close)...].split(separator: " ")
        return fields.count > 19 ? Double(fields[19]) : nil
    }

    private static func firstLine(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        return String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func gauge(
        _ name: String,
        _ help: String,
        _ value: String,
        _ kind: MetricFamily.Kind,
        into text: inout MetricsText
    ) {
        let family = MetricFamily(name: name, help: help, kind: kind, labelNames: [])
        family.writeHead(into: &text)
        family.writeSample(labels: MetricLabels(), value: value, into: &text)
    }

    private static func processorSeconds() -> Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The second number of /proc/self/statm is the resident size in pages.
    private static func residentOctets() -> Int? {
        guard let fields = firstLine(of: "/proc/self/statm")?.split(separator: " "), fields.count > 1,
            let pages = Int(fields[1])
        else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = -3  // ".", ".." and the descriptor of the folder itself
        while readdir(folder) != nil { count += 1 }
        return count
    }
}
