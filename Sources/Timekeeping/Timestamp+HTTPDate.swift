// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension Timestamp {
    private static let weekdays = ["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"]
    private static let months = [
        "Jan": "01", "Feb": "02", "Mar": "03", "Apr": "04", "May": "05", "Jun": "06", "Jul": "07", "Aug": "08",
        "Sep": "09", "Oct": "10", "Nov": "11", "Dec": "12",
    ]

    /// Reads a date of HTTP such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7); nil for any other text, the
    /// forms that nobody may write any more among them.
    public init?(httpDate text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, Self.weekdays.contains(parts[0]), let month = Self.months[parts[2]],
            parts[4].utf8.count == 8, parts[5] == "GMT"
        else { return nil }
        self.init(rfc3339: "\(parts[3])-\(month)-\(parts[1])T\(parts[4])Z")
    }
}
