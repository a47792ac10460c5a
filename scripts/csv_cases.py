"""What Python's csv module reads of hostile CSV files: python3 scripts/csv_cases.py > test/data/csv_cases.jsonl

One case a line: the bytes in base64, and the rows of csv.reader(strict=True), without blank lines; null where it refuses.
"""
import base64, csv, io, json, random

HAND = [
    'a,b\n1,2\n', 'a,b\r\n1,2\r\n', 'a,b\r1,2\r', 'a,b\n1,2', '\ufeffa,b\n1,2\n', 'a,b\n\n\n1,2\n\n',
    'a,b\n"x, y",2\n', 'a,b\n"x\ny",2\n', 'a,b\n"x\r\ny",2\r\n', 'a,b\n"he said ""no""",2\n', 'a,b\n"""",""""""\n',
    'a,b\n,\n', 'a,b\n"",""\n', 'a,b\nx"y,z"\n', 'a,b\nx""y,"z"\n', 'a,b\n x , y \n', 'a,b\n "x",y\n',
    'a,b\n"x"y,z\n', 'a,b\n"x" ,z\n', 'a,b\n"never closed\n1,2\n', 'a\n""\n\n"x"\n', 'a,b,\n1,2,\n', '"a","b"\n"한국어, 둘","3"\n',
    'a,b\n"\n",\n', 'a,b\n\t,\x0b\n', 'a,b\n"x\ry","\n\r\n"\n', 'a,b\n1,2\n"3",4', 'a,b\n1,2\n3,"4"', 'a,b\n1,2\n3,', '', '\n', 'a\n,\n',
]
PIECES = ['"', '""', ',', '\n', '\r\n', '\r', 'x', ' ', '가', '\t', 'yz', '"q"', '","']


def read(text):
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=''), strict=True) if row]
    except csv.Error:
        return None


def main():
    draw = random.Random(13)
    made = [''.join(draw.choice(PIECES) for _ in range(draw.randint(1, 24))) for _ in range(1500)]
    for text in HAND + made:
        rows = read(text[1:] if text.startswith('\ufeff') else text)
        print(json.dumps({'csv': base64.b64encode(text.encode()).decode(), 'rows': rows}, ensure_ascii=True))


main()
