"""The words of the pages in both languages. What procedures and statuses are called comes from them, not from here."""

from typing import Final

LANGUAGES: Final = ("vi", "en")

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "all": ("Tất cả", "All"),
    "as_of": ("Cập nhật lúc", "As of"),
    "attempting": ("đang gửi", "being sent"),
    "call": ("Gọi đối tác", "Call to a partner"),
    "channel": ("Kênh nộp", "Channel"),
    "clear": ("Bỏ lọc", "Clear filters"),
    "code": ("Mã hồ sơ", "Dossier code"),
    "diagram": ("Sơ đồ quy trình", "Diagram"),
    "diagram_help": (
        "Chỗ hồ sơ đang đứng được tô màu; danh sách bên dưới nói cùng nội dung.",
        "Where the dossier stands is coloured; the list below says the same.",
    ),
    "diagram_missing": ("Không có sơ đồ cho quy trình này.", "There is no drawing of this process."),
    "dossier": ("Hồ sơ", "Dossier"),
    "dossiers": ("Danh sách hồ sơ", "Dossiers"),
    "due": ("Hẹn trả", "Due"),
    "event": ("Sự kiện chờ áp dụng", "Event to be applied"),
    "facts": ("Nội dung", "Facts"),
    "filter": ("Lọc", "Filter"),
    "finished": ("Kết thúc", "Finished"),
    "found": ("hồ sơ", "dossiers"),
    "held": ("Đang chờ", "Waiting for"),
    "held_none": ("Không còn chờ gì.", "Nothing is waited for."),
    "history": ("Lịch sử", "History"),
    "incident": ("Sự cố", "Incident"),
    "key": ("Khóa API", "API key"),
    "more": ("Trang sau", "Next page"),
    "no_dossiers": (
        "Chưa có hồ sơ nào. Nộp hồ sơ bằng POST /api/v1/dossiers.",
        "No dossier yet. Hand one in with POST /api/v1/dossiers.",
    ),
    "no_match": ("Không có hồ sơ nào khớp bộ lọc.", "No dossier matches the filters."),
    "phase": ("Giai đoạn", "Phase"),
    "procedure": ("Thủ tục", "Procedure"),
    "received": ("Tiếp nhận", "Received"),
    "sign_in": ("Đăng nhập", "Sign in"),
    "sign_in_help": (
        "Dán một khóa API có quyền dossiers:read. Trình duyệt chỉ giữ một cookie có chữ ký, 8 giờ.",
        "Paste an API key with the scope dossiers:read. The browser keeps a signed cookie only, for 8 hours.",
    ),
    "sign_out": ("Thoát", "Sign out"),
    "since": ("Từ", "Since"),
    "skip": ("Đến nội dung", "Skip to content"),
    "state": ("Tình trạng", "State"),
    "status": ("Trạng thái", "Status"),
    "step": ("Bước", "Step"),
    "submitted": ("Nộp lúc", "Handed in"),
    "timer": ("Hẹn giờ", "Timer"),
    "trace": ("Mã vết", "Trace id"),
    "unit": ("Cơ quan", "Unit"),
    "until": ("Đến", "Until"),
    "wait": ("Chờ thông điệp", "Waits for a message"),
    "what": ("Việc", "What"),
    "when": ("Thời điểm", "When"),
    "who": ("Ai", "Who"),
    "work-item": ("Việc của cán bộ", "Work item"),
}


def words(language: str) -> dict[str, str]:
    """Every word in *language* by its name."""
    at = LANGUAGES.index(language)
    return {name: both[at] for name, both in _WORDS.items()}
